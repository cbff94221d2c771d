// Package service keeps Anchat's rows in the database of the namespace "anchat".
// It checks what can be checked without secrets, and reads nothing else.
package service
