// Package faults breaks things for tests: it makes a small ext4 disk in a file,
// cuts its power, and fills it up; it makes a network of namespaces and cuts it
// in parts; it ends connections in the middle. Disks and networks need root and
// Linux; elsewhere a test that uses them reads "not run" and why.
package faults
