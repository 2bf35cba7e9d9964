// Command call calls an API with a token that the library keeps until ten seconds before its end: call URL…
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	config := clientcredentials.Config{
		ClientID:       os.Getenv("COUNTERSIGN_CLIENT_ID"),
		ClientSecret:   os.Getenv("COUNTERSIGN_CLIENT_SECRET"),
		TokenURL:       strings.TrimSuffix(os.Getenv("COUNTERSIGN_ISSUER"), "/") + "/oauth2/token",
		Scopes:         strings.Fields(os.Getenv("COUNTERSIGN_SCOPE")),
		EndpointParams: url.Values{"resource": {os.Getenv("COUNTERSIGN_RESOURCE")}},
		AuthStyle:      oauth2.AuthStyleInHeader, // else a wrong secret is tried twice
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: 10 * time.Second})
	// Make it once and keep it: the token is kept in it, and it serves any number of goroutines.
	client := config.Client(ctx)
	client.Timeout = 30 * time.Second
	// It would put the token on whatever a redirect leads to, whoever that is.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	for _, api := range os.Args[1:] {
		if err := call(client, api); err != nil {
			log.Fatal(err)
		}
	}
}

func call(client *http.Client, api string) error {
	answer, err := client.Get(api)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	fmt.Println(string(body))
	return nil
}
