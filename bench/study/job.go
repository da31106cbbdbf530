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

// job is one run: an entry with one of its seeds. Seed 0 is a committee of all.
type job struct {
	study string
	entry
	recipe string // what the flags' recipe says beyond them
	seed   int
	of     committee
}

// expand lists the jobs whose name only matches, in the table's order, with what
// the recipes in a folder say.
func expand(studies []study, only *regexp.Regexp, recipes string) (jobs []job, err error) {
	for _, s := range studies {
		for _, e := range s.entries {
			j := job{study: s.name, entry: e}
			if j.recipe, err = e.recipe(recipes); err != nil {
				return nil, fmt.Errorf("%s/%s: %w", s.name, e.name, err)
			}
			jobs = append(jobs, j.members()...)
			for _, j.of = range e.committees {
				jobs = append(jobs, j)
			}
		}
	}
	chosen := jobs[:0]
	for _, j := range jobs {
		if only.MatchString(j.String()) {
			chosen = append(chosen, j)
		}
	}
	return chosen, nil
}

func (j job) String() string {
	if j.seed == 0 {
		return j.study + "/" + j.name + "-" + j.of.name
	}
	return j.study + "/" + j.name + "-" + strconv.Itoa(j.seed)
}

// kind is what the seeds of an entry have in common. Other flags, and a recipe that
// says something else, are another kind, though the names may be the same.
func (j job) kind() string {
	return strings.Join([]string{j.study, j.name, j.network, j.flags, j.recipe}, "\n")
}

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

// folder is the run's. Its name has a sum of the kind: of another it is another
// run.
func (j job) folder(runs string) string {
	sum := sha256.Sum256([]byte(j.kind()))
	return filepath.Join(runs, j.study, fmt.Sprintf("%s-%d-%x", j.name, j.seed, sum[:4]))
}

// members are the entry's jobs, whose softmax a committee averages.
func (j job) members() (all []job) {
	j.of = committee{}
	for seed := 1; seed <= j.seeds; seed++ {
		j.seed = seed
		all = append(all, j)
	}
	return all
}
