package config

// This file turns text into the value of a key and back. YAML, environment and
// flags all end here, so a value means the same wherever it was written.

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxListItems bounds the items of one list; more is a mistake, not a wish.
const MaxListItems = 1000

// setText stores text, as an environment variable or a flag brings it, in field.
func setText(field any, text string) error {
	switch f := field.(type) {
	case *[]string, *[]APIKey:
		return setItems(f, splitList(text))
	case *map[string]string:
		levels, err := parseLevels(splitList(text))
		if err != nil {
			return err
		}
		*f = levels
	case *string:
		*f = text
	case *core.Secret:
		*f = core.Secret(text)
	case *core.Namespace:
		*f = core.Namespace(text)
	case *bool:
		return parseInto(f, text, parseBool)
	case *int:
		return parseInto(f, text, parseInt)
	case *time.Duration:
		return parseInto(f, text, ParseDuration)
	case *Size:
		return parseInto(f, text, ParseSize)
	default:
		panic(fmt.Sprintf("config: the table of keys has a field of type %T", field)) // the program text is wrong
	}
	return nil
}

// parseInto stores what parse reads, and leaves field alone when it is refused.
func parseInto[T any](field *T, text string, parse func(string) (T, error)) error {
	value, err := parse(text)
	if err != nil {
		return err
	}
	*field = value
	return nil
}

// setItems stores the items of a list.
func setItems(field any, items []string) error {
	if len(items) > MaxListItems {
		return fmt.Errorf("a list has at most %d items", MaxListItems)
	}
	switch f := field.(type) {
	case *[]string:
		*f = items
	case *[]APIKey:
		keys := make([]APIKey, 0, len(items))
		for _, item := range items {
			keys = append(keys, parseAPIKey(item))
		}
		*f = keys
	default:
		return errors.New("one value is wanted here, not a list")
	}
	return nil
}

// parseAPIKey reads key[:namespace]. The last colon decides: a namespace has none.
func parseAPIKey(text string) APIKey {
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return APIKey{Key: core.Secret(text)}
	}
	return APIKey{Key: core.Secret(text[:at]), Namespace: core.Namespace(text[at+1:])}
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", shorten(text))
}

func parseInt(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", shorten(text))
	}
	return n, nil
}

// parseLevels reads "part=level" items.
func parseLevels(items []string) (map[string]string, error) {
	levels := make(map[string]string, len(items))
	for _, item := range items {
		part, level, ok := strings.Cut(item, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not part=level, such as p2p=debug", shorten(item))
		}
		levels[strings.TrimSpace(part)] = strings.TrimSpace(level)
	}
	return levels, nil
}

// splitList parts text at commas and white space, which no item may contain.
func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return r == ',' || r == ' ' || r == '\n' || r == '\t' || r == '\r'
	})
}

// format writes a field in the words of the YAML file, secrets blanked.
func format(field any) string {
	switch f := field.(type) {
	case *string:
		return *f
	case *[]string:
		return strings.Join(*f, ",")
	case *[]APIKey:
		items := make([]string, len(*f))
		for i, k := range *f {
			items[i] = k.Key.String() + ":" + string(k.Namespace)
		}
		return strings.Join(items, ",")
	case *map[string]string:
		items := make([]string, 0, len(*f))
		for _, part := range slices.Sorted(maps.Keys(*f)) {
			items = append(items, part+"="+(*f)[part])
		}
		return strings.Join(items, ",")
	case *core.Secret:
		return f.String()
	case *core.Namespace:
		return string(*f)
	case *bool:
		return strconv.FormatBool(*f)
	case *int:
		return strconv.Itoa(*f)
	case *time.Duration:
		return formatDuration(*f)
	case *Size:
		return f.String()
	}
	panic(fmt.Sprintf("config: the table of keys has a field of type %T", field)) // the program text is wrong
}
