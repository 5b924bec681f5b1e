# Sourced: python_with NAME REQUIREMENTS prints the Python of an environment that has what the file requires and nothing
# else. It is made where it is missing or has something else.
python_with() {
  local venv=$PWD/node_modules/.cache/$1 requirements=$2
  cmp --silent "$requirements" "$venv/installed.txt" || {
    python3 -m venv --clear "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" &&
      cp "$requirements" "$venv/installed.txt"
  } || return
  echo "$venv/bin/python"
}
