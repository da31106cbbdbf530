package main

import (
	"fmt"
	"time"
)

// tellEvery is how often a run that is going on is told of.
const tellEvery = 30 * time.Second

// progress takes an epoch of a job to account.
func (d *driver) progress(j job, e event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.running[j.String()]
	a.left = e.Seconds * float64(e.Epochs-e.Epoch)
	d.learn(j, e.Seconds*float64(e.Epochs))
	if time.Since(a.told) < tellEvery && e.Epoch != 1 {
		return
	}
	a.told = time.Now()
	d.say("%s: epoch %d of %d in %s, %s to go; %s", j, e.Epoch, e.Epochs, duration(e.Seconds), duration(a.left), d.remains())
}

// learn notes how long a run takes; the last word counts.
func (d *driver) learn(j job, seconds float64) {
	d.pace[j.kind()], d.pace[j.study+" "+j.network] = seconds, seconds
}

// remains estimates how long everything that is open takes, from runs of the same
// kind, or else of the same study and network.
func (d *driver) remains() string {
	sum, unknown := 0.0, 0
	expect := func(j job) {
		seconds, ok := d.pace[j.kind()]
		if !ok {
			seconds, ok = d.pace[j.study+" "+j.network]
		}
		if !ok {
			unknown++
		}
		sum += seconds
	}
	for _, a := range d.running {
		if a.left >= 0 {
			sum += a.left
		} else {
			expect(a.job)
		}
	}
	for _, j := range d.open {
		expect(j)
	}
	text := "about " + duration(sum/float64(d.settings.jobs)) + " remain"
	switch {
	case unknown > 0 && sum == 0:
		return fmt.Sprintf("how long %d runs take is not known yet", unknown)
	case unknown > 0:
		return fmt.Sprintf("%s, and what %d runs take of which nothing is known yet", text, unknown)
	}
	return text
}

func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
