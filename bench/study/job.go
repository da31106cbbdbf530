package main

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// heldOut is the part of the training images that studies choose on.
const heldOut = "0.1"

// job is one run: an entry with one of its seeds. Seed 0 is the committee of all.
type job struct {
	study string
	entry
	seed int
}

// expand lists the jobs whose name only matches, in the table's order.
func expand(studies []study, only *regexp.Regexp) (jobs []job) {
	for _, s := range studies {
		for _, e := range s.entries {
			for seed := 1; seed <= e.seeds; seed++ {
				jobs = append(jobs, job{s.name, e, seed})
			}
			if e.committee {
				jobs = append(jobs, job{s.name, e, 0})
			}
		}
	}
	chosen := jobs[:0]
	for _, j := range jobs {
		if only.MatchString(j.String()) {
			chosen = append(chosen, j)
		}
	}
	return chosen
}

func (j job) String() string {
	if j.seed == 0 {
		return j.study + "/" + j.name + "-committee"
	}
	return j.study + "/" + j.name + "-" + strconv.Itoa(j.seed)
}

// kind is what the seeds of an entry have in common. Other flags are another
// kind, though the name may be the same.
func (j job) kind() string { return strings.Join([]string{j.study, j.name, j.network, j.flags}, "\n") }

// tunes says whether choices are made on the study, which must then not look at
// the test images.
func (j job) tunes() bool { return strings.HasPrefix(j.study, "tune-") }

// args are what the program is begun with.
func (j job) args() []string {
	args := append(strings.Fields(j.flags), "-seed", strconv.Itoa(j.seed))
	if j.tunes() {
		args = append(args, "-validation-split", heldOut)
	}
	return args
}

// folder is the run's. Its name has a sum of the flags: with others it is another
// run.
func (j job) folder(runs string) string {
	sum := sha256.Sum256([]byte(j.kind()))
	return filepath.Join(runs, j.study, fmt.Sprintf("%s-%d-%x", j.name, j.seed, sum[:4]))
}

// members are the jobs whose softmax a committee averages.
func (j job) members() (all []job) {
	for seed := 1; seed <= j.seeds; seed++ {
		all = append(all, job{j.study, j.entry, seed})
	}
	return all
}
