// Package faults breaks disks for tests: it makes a small ext4 disk in a file,
// cuts its power, and fills it up. It needs root and Linux; elsewhere a test
// that uses it reads "not run" and why.
package faults
