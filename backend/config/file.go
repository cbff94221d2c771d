package config

// This file reads small files with a limit.

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) (data []byte, err error) {
	f, err := os.Open(path) //nolint:gosec // the path is the operator's own choice
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	data, err = io.ReadAll(io.LimitReader(f, limit+1)) //nolint:forbidigo // it is the read with a limit
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("it is larger than %s", Size(limit))
	}
	return data, nil
}

// plain is an error of the file system without operation and path, which the
// sentence around it has already.
func plain(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
