// Command caller calls an API by the client that x/oauth2/clientcredentials makes, which renews its token by itself.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type told struct {
	sync.Mutex
	Good       int      `json:"good"`
	Refused    int      `json:"refused"`
	Failed     int      `json:"failed"`
	Error      *string  `json:"error"`
	ErrorAfter *float64 `json:"error_after"`
	Seconds    float64  `json:"seconds"`
}

func main() {
	if len(os.Args) != 9 {
		log.Fatal("usage: caller ISSUER CLIENT_ID SECRET_VARIABLE RESOURCE API CALLS WORKERS PACE_MS")
	}
	begun := time.Now()
	config := clientcredentials.Config{
		ClientID: os.Args[2], ClientSecret: os.Getenv(os.Args[3]), TokenURL: os.Args[1] + "/oauth2/token",
		EndpointParams: url.Values{"resource": {os.Args[4]}}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	client := config.Client(context.Background())
	calls, workers, pace := number(os.Args[6]), number(os.Args[7]), number(os.Args[8])
	var t told
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range calls / workers {
				answer, err := client.Get(os.Args[5])
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
				t.tell(answer, err, time.Since(begun))
				time.Sleep(time.Duration(pace) * time.Millisecond)
			}
		})
	}
	all.Wait()
	t.Seconds = time.Since(begun).Seconds()
	if err := json.NewEncoder(os.Stdout).Encode(&t); err != nil {
		log.Fatal(err)
	}
}

func (t *told) tell(answer *http.Response, err error, after time.Duration) {
	t.Lock()
	defer t.Unlock()
	switch {
	case err != nil:
		t.Failed++
		if t.Error == nil {
			text, seconds := err.Error(), after.Seconds()
			t.Error, t.ErrorAfter = &text, &seconds
		}
	case answer.StatusCode < 300:
		t.Good++
	default:
		t.Refused++
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return n
}
