package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type grant struct {
	ID       string `json:"client_id"`
	Secret   string `json:"client_secret"`
	Endpoint string `json:"token_endpoint"`
	Scope    string
	Resource string
	API      string
	Calls    int
}

// takeAll asks in each of the library's styles: a token, or the error as the library tells it.
func takeAll(ctx context.Context) (any, error) {
	g, err := readGrant()
	if err != nil {
		return nil, err
	}
	var answers []any
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams, oauth2.AuthStyleAutoDetect} {
		token, err := g.config(style).Token(ctx)
		var refusal *oauth2.RetrieveError
		switch {
		case errors.As(err, &refusal):
			answers = append(answers, map[string]any{"error": refusal.ErrorCode})
		case err != nil:
			return nil, err
		case !token.Valid():
			return nil, errors.New("the library finds the token invalid")
		default:
			answers = append(answers, map[string]any{
				"access_token": token.AccessToken, "token_type": token.TokenType, "scope": token.Extra("scope"),
			})
		}
	}
	return answers, nil
}

// callAPI calls by the client that the library makes: it takes a token, keeps it and renews it by itself.
func callAPI(ctx context.Context) (any, error) {
	g, err := readGrant()
	if err != nil {
		return nil, err
	}
	client := g.config(oauth2.AuthStyleInHeader).Client(ctx)
	var statuses []int
	for range g.Calls {
		answer, err := client.Get(g.API)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil {
			return nil, err
		}
		statuses = append(statuses, answer.StatusCode)
	}
	return map[string]any{"statuses": statuses}, nil
}

func readGrant() (g grant, err error) {
	err = json.NewDecoder(os.Stdin).Decode(&g)
	return g, err
}

func (g grant) config(style oauth2.AuthStyle) *clientcredentials.Config {
	return &clientcredentials.Config{
		ClientID: g.ID, ClientSecret: g.Secret, TokenURL: g.Endpoint, Scopes: []string{g.Scope},
		EndpointParams: url.Values{"resource": {g.Resource}}, AuthStyle: style,
	}
}
