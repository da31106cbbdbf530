package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// connection is an HTTP client that costs little, so that most of the machine is
// the server's: requests are written as they were prepared, of answers only the
// status and the length are read.
type connection struct {
	net.Conn
	r      *bufio.Reader
	answer []byte
	asked  int
}

func connect(addr string) (*connection, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, r: bufio.NewReaderSize(c, 4096)}, nil
}

// ask sends a request and returns the status and the body, until the next ask.
func (c *connection) ask(request []byte) (int, []byte, error) {
	if c.asked%64 == 0 { // a deadline for each would cost more than it is worth
		c.SetDeadline(time.Now().Add(time.Minute))
	}
	c.asked++
	if _, err := c.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, nil, fmt.Errorf("no status: %w", err)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, nil, err
	}
	length := -1
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, nil, err
			}
		}
	}
	if length < 0 {
		return 0, nil, errors.New("an answer without a length")
	}
	if cap(c.answer) < length {
		c.answer = make([]byte, length)
	}
	c.answer = c.answer[:length]
	_, err = io.ReadFull(c.r, c.answer)
	return status, c.answer, err
}

// question is a request with the answer that a lone client gets.
type question struct{ request, answer []byte }

// questions asks some questions alone, which also warms the server up.
func questions(addr, model string, s settings) ([]question, error) {
	c, err := connect(addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	list := make([]question, 16)
	for i := range list {
		list[i].request = newRequest(model, s, rng)
		status, answer, err := c.ask(list[i].request)
		if err != nil || status != http.StatusOK {
			return nil, fmt.Errorf("status %d: %s: %w", status, answer, err)
		}
		list[i].answer = bytes.Clone(answer)
	}
	return list, nil
}

// newRequest asks about an image that is as dark as MNIST's are.
func newRequest(model string, s settings, rng *rand.Rand) []byte {
	texts, behind := make([]string, 28*28), []byte(nil)
	for i := range texts {
		v := rng.IntN(256)
		if rng.IntN(5) != 0 {
			v = 0
		}
		value := float32(v) / 255
		if texts[i] = strconv.Itoa(v); s.datatype == "FP32" {
			texts[i] = strconv.FormatFloat(float64(value), 'g', -1, 32)
			behind = binary.LittleEndian.AppendUint32(behind, math.Float32bits(value))
		} else {
			behind = append(behind, byte(v))
		}
	}
	what, header := `"data":[`+strings.Join(texts, ",")+`]`, ""
	if s.binary {
		what = fmt.Sprintf(`"parameters":{"binary_data_size":%d}`, len(behind))
	}
	body := fmt.Appendf(nil, `{"inputs":[{"name":"image","shape":[1,28,28,1],"datatype":%q,%s}]}`, s.datatype, what)
	if s.binary {
		header = fmt.Sprintf("Inference-Header-Content-Length: %d\r\n", len(body))
		body = append(body, behind...)
	}
	return fmt.Appendf(nil, "POST /v2/models/%s/infer HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n%s", model, header, len(body), body)
}

// crowd lets clients ask at the same time, each as pace says: pace returns false
// at the end. It counts 200 and 503; all else is an error.
func crowd(addr, model string, s settings, clients int, pace func(client, request int) bool) (result, error) {
	list, err := questions(addr, model, s)
	if err != nil {
		return result{}, err
	}
	before, err := executions(addr, model)
	if err != nil {
		return result{}, err
	}
	results, failures := make([]result, clients), make([]error, clients)
	var group sync.WaitGroup
	began := time.Now()
	for i := range clients {
		group.Go(func() { failures[i] = results[i].collect(addr, list, i, pace) })
	}
	group.Wait()
	sum := result{took: time.Since(began)}
	for _, r := range results {
		sum.latencies = append(sum.latencies, r.latencies...)
		sum.refused += r.refused
	}
	after, err := executions(addr, model)
	sum.batch = (after[0] - before[0]) / (after[1] - before[1])
	return sum, errors.Join(append(failures, err)...)
}

func (r *result) collect(addr string, list []question, client int, pace func(client, request int) bool) error {
	c, err := connect(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for n := 0; pace(client, n); n++ {
		q := list[(client+n)%len(list)]
		began := time.Now()
		status, answer, err := c.ask(q.request)
		switch {
		case err != nil:
			return err
		case status == http.StatusServiceUnavailable:
			r.refused++
		case status != http.StatusOK || !bytes.Equal(answer, q.answer):
			return fmt.Errorf("status %d: %s; a lone client gets %s", status, answer, q.answer)
		default:
			r.latencies = append(r.latencies, time.Since(began))
		}
	}
	return nil
}

// executions reads the server's counts of images and of executions.
func executions(addr, model string) (counts [2]float64, err error) {
	answer, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		return counts, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	for i, name := range []string{"stheno_inferences_total", "stheno_executions_total"} {
		_, line, _ := strings.Cut(string(text), "\n"+name+`{model="`+model+`"} `)
		line, _, _ = strings.Cut(line, "\n")
		if counts[i], err = strconv.ParseFloat(line, 64); err != nil {
			return counts, fmt.Errorf("/metrics: %s: %w", name, err)
		}
	}
	return counts, err
}
