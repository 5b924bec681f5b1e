# Source this file. `python_with NAME REQUIREMENTS` prints the path of a Python whose environment has exactly the
# packages in the requirements file. It creates the environment if it is missing or was created from other requirements.
python_with() {
  local venv=$PWD/node_modules/.cache/$1 requirements=$2
  cmp --silent "$requirements" "$venv/installed.txt" || {
    python3 -m venv --clear "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" &&
      cp "$requirements" "$venv/installed.txt"
  } || return
  echo "$venv/bin/python"
}
