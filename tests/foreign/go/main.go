// Command foreign verifies tokens with lestrrat-go/jwx ("verify"); with x/oauth2 it takes tokens ("take"), is refused some
// ("refused") and calls an API ("call").
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

type verification struct {
	Name, Token, Issuer, Audience, Algorithm, Typ string
	JWKS                                          string `json:"jwks_uri"`
	Required                                      []string
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var answer any
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == "verify":
		answer, err = verifyAll(ctx)
	case len(os.Args) == 2 && (os.Args[1] == "take" || os.Args[1] == "refused"):
		answer, err = takeAll(ctx)
	case len(os.Args) == 2 && os.Args[1] == "call":
		answer, err = callAPI(ctx)
	default:
		err = errors.New("usage: foreign verify|take|refused|call, a JSON document on standard input")
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func verifyAll(ctx context.Context) (any, error) {
	var cases []verification
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		return nil, err
	}
	answers := map[string]any{}
	for _, c := range cases {
		keys, err := jwk.Fetch(ctx, c.JWKS)
		if err != nil {
			return nil, err
		}
		if claims, err := verify(c, keys); err != nil {
			answers[c.Name] = map[string]any{"refused": err.Error()}
		} else {
			answers[c.Name] = map[string]any{"claims": claims}
		}
	}
	return answers, nil
}

func verify(c verification, keys jwk.Set) (jwt.Token, error) {
	message, err := jws.Parse([]byte(c.Token))
	if err != nil {
		return nil, err
	}
	header := message.Signatures()[0].ProtectedHeaders()
	if typ, _ := header.Type(); typ != c.Typ {
		return nil, fmt.Errorf("typ is %q", typ)
	}
	if algorithm, _ := header.Algorithm(); algorithm.String() != c.Algorithm {
		return nil, fmt.Errorf("alg is %q", algorithm)
	}
	rules := []jwt.ParseOption{jwt.WithKeySet(keys), jwt.WithIssuer(c.Issuer), jwt.WithAudience(c.Audience)}
	for _, name := range c.Required {
		rules = append(rules, jwt.WithRequiredClaim(name))
	}
	return jwt.Parse([]byte(c.Token), rules...)
}
