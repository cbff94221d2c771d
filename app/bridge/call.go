// This file calls a bound method by name. What can be called is a list made once
// from the bound structs, so no request can reach anything else of them.

package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxCallBytes bounds one call: the largest value in base64 and some room.
	MaxCallBytes = 2 << 20
	// MaxArguments bounds the arguments of one call; no method has more than a few.
	MaxArguments = 16
)

// callHeader is a header that an HTML form cannot send and that another site's
// script may not send without being asked for permission first.
const callHeader = "X-Debros"

// methods is the list, by "Struct.Method".
type methods map[string]method

type method struct {
	call reflect.Value
	args []reflect.Type
	// result is false for a method that returns an error only.
	result bool
}

// methodsOf lists the exported methods of pointers to structs. Each must return
// an error last and at most one value before it, as the window needs it too.
func methodsOf(bound []any) (methods, error) {
	list := make(methods)
	for _, b := range bound {
		value := reflect.ValueOf(b)
		if value.Kind() != reflect.Pointer || value.Elem().Kind() != reflect.Struct {
			return nil, fmt.Errorf("bind %T: not a pointer to a struct", b)
		}
		for i := range value.NumMethod() {
			name := value.Type().Elem().Name() + "." + value.Type().Method(i).Name
			m, err := describe(value.Method(i))
			if err != nil {
				return nil, fmt.Errorf("bind %s: %w", name, err)
			}
			list[name] = m
		}
	}
	return list, nil
}

func describe(call reflect.Value) (method, error) {
	t := call.Type()
	outs := t.NumOut()
	if outs < 1 || outs > 2 || t.Out(outs-1) != reflect.TypeFor[error]() || t.IsVariadic() || t.NumIn() > MaxArguments {
		return method{}, errors.New("a bound method takes plain arguments and returns an error, with at most one value before it")
	}
	m := method{call: call, result: outs == 2}
	for in := range t.Ins() {
		m.args = append(m.args, in)
	}
	return m, nil
}

// callRequest is the body of a call.
type callRequest struct {
	Method string            `json:"method"`
	Args   []json.RawMessage `json:"args"`
}

// callAnswer is what a call that worked answers.
type callAnswer struct {
	Result any `json:"result"`
}

// call serves POST /api/call.
func (d *door) call(w http.ResponseWriter, r *http.Request) {
	request, err := readCall(w, r)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	m, ok := d.methods[request.Method]
	if !ok {
		d.refuse(w, r, core.Errorf(core.NotFound, "There is no method %q.", cut(request.Method)))
		return
	}
	args, err := m.decode(request)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	result, err := m.invoke(args)
	if err == nil {
		answer(w, http.StatusOK, callAnswer{Result: result})
		return
	}
	if f, ok := errors.AsType[*api.Failure](err); ok { // logged already, with its cause
		answer(w, statusOf(f.Code), f)
		return
	}
	d.refuse(w, r, err)
}

// statusOf is the status of a method's own failure. 401 says that this browser has
// no session; a wrong passphrase of a wallet must not look like that.
func statusOf(code core.Code) int {
	if code == core.Unauthenticated {
		return http.StatusForbidden
	}
	return code.HTTPStatus()
}

// readCall checks what kind of request it is before it reads it.
func readCall(w http.ResponseWriter, r *http.Request) (callRequest, error) {
	if r.Header.Get(callHeader) != "1" {
		return callRequest{}, core.Errorf(core.Denied, "A call needs the header %s: 1.", callHeader)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return callRequest{}, core.Errorf(core.Invalid, "A call is sent as application/json.")
	}
	var body bytes.Buffer
	if _, err := io.Copy(&body, http.MaxBytesReader(w, r.Body, MaxCallBytes)); err != nil {
		if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return callRequest{}, core.Errorf(core.TooLarge, "A call has at most %d bytes.", large.Limit)
		}
		return callRequest{}, core.Wrap(core.Invalid, err, "The call did not arrive whole.")
	}
	return parseCall(body.Bytes())
}

// parseCall reads {"method":…,"args":[…]} and nothing else.
func parseCall(body []byte) (callRequest, error) {
	var request callRequest
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return callRequest{}, core.Wrap(core.Invalid, err, `A call is {"method":"KV.List","args":[…]}.`)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return callRequest{}, core.Errorf(core.Invalid, "Something follows the call.")
	}
	if len(request.Args) > MaxArguments {
		return callRequest{}, core.Errorf(core.Invalid, "A call has at most %d arguments.", MaxArguments)
	}
	return request, nil
}

// decode turns the arguments into what the method takes.
func (m method) decode(request callRequest) ([]reflect.Value, error) {
	if len(request.Args) != len(m.args) {
		return nil, core.Errorf(core.Invalid, "%s takes %d arguments, not %d.", request.Method, len(m.args), len(request.Args))
	}
	values := make([]reflect.Value, 0, len(m.args))
	for i, t := range m.args {
		value := reflect.New(t)
		if err := json.Unmarshal(request.Args[i], value.Interface()); err != nil {
			return nil, core.Wrap(core.Invalid, err, "Argument %d of %s: %s.", i+1, request.Method, expected(t, err))
		}
		values = append(values, value.Elem())
	}
	return values, nil
}

// expected says what was wrong with an argument, without repeating it.
func expected(t reflect.Type, err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field != "" {
			return fmt.Sprintf("%s must be a %s, not a %s", wrong.Field, wrong.Type, wrong.Value)
		}
		return fmt.Sprintf("it must be a %s, not a %s", wrong.Type, wrong.Value)
	}
	return fmt.Sprintf("it is not a %s", t)
}

func (m method) invoke(args []reflect.Value) (any, error) {
	out := m.call.Call(args)
	err, _ := out[len(out)-1].Interface().(error) //nolint:errcheck // nil is no error; describe has checked the type
	if err != nil || !m.result {
		return nil, err
	}
	return out[0].Interface(), nil
}
