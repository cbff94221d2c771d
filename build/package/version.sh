# Sourced by the scripts beside it: a version that packages take. They want one
# that begins with a digit; a tree without a tag has 0.0.0 and its commit.
version=$(git describe --tags --always --dirty 2>/dev/null || echo 0)
version=${version#v}
case $version in
*.*) ;;
*) version="0.0.0+$version" ;;
esac
plain=$(printf '%s' "$version" | sed -E 's/^([0-9]+\.[0-9]+\.[0-9]+).*/\1/')
