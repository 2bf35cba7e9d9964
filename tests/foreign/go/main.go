// Command foreign verifies tokens with lestrrat-go/jwx ("verify") and takes tokens with x/oauth2 ("token").
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type verification struct {
	Name, Token, Issuer, Audience, Algorithm, Typ string
	JWKS                                          string `json:"jwks_uri"`
	Required                                      []string
}

type grant struct {
	ID       string `json:"client_id"`
	Secret   string `json:"client_secret"`
	Endpoint string `json:"token_endpoint"`
	Scope    string
	Resource string
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var answer any
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == "verify":
		answer, err = verifyAll(ctx)
	case len(os.Args) == 2 && os.Args[1] == "token":
		answer, err = takeAll(ctx)
	default:
		err = errors.New("usage: foreign verify|token, a JSON document on standard input")
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

func takeAll(ctx context.Context) (any, error) {
	var g grant
	if err := json.NewDecoder(os.Stdin).Decode(&g); err != nil {
		return nil, err
	}
	var answers []any
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams, oauth2.AuthStyleAutoDetect} {
		config := clientcredentials.Config{
			ClientID: g.ID, ClientSecret: g.Secret, TokenURL: g.Endpoint, Scopes: []string{g.Scope},
			EndpointParams: url.Values{"resource": {g.Resource}}, AuthStyle: style,
		}
		token, err := config.Token(ctx)
		if err != nil {
			return nil, err
		}
		if !token.Valid() {
			return nil, errors.New("the library finds the token invalid")
		}
		answers = append(answers, map[string]any{
			"access_token": token.AccessToken, "token_type": token.TokenType, "scope": token.Extra("scope"),
		})
	}
	return answers, nil
}
