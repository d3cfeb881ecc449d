# Read by the launchers with `.`: the private Python environment of a lock file.
# POSIX sh. The caller has set `here`, the checkout's real path. Nothing runs on reading.
# shellcheck shell=sh disable=SC2154

unset PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONOPTIMIZE
unset PYTHONINSPECT PYTHONSTARTUP PYTHONVERBOSE PYTHONDEBUG PYTHONBREAKPOINT PYTHONWARNINGS
cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/carteiro

# forget_client: where the program is and how it is installed is not the client's to say, whose
# variables a careless sshd passes under a forced command (tui_app/forced.py does the rest).
forget_client() {
    cache=${HOME:-/nonexistent}/.cache/carteiro
    for name in $(env | sed -nE 's/^((UV|PIP|LD)_[A-Z0-9_]*)=.*/\1/p'); do
        unset "$name"
    done
}

# tell PORTUGUESE ENGLISH: one line to a person.
tell() {
    case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
        en*) printf 'carteiro: %s\n' "$2" >&2 ;;
        *) printf 'carteiro: %s\n' "$1" >&2 ;;
    esac
}

# find_python: sets `base` to a Python >= 3.11 and `version` to its x.y; fails where none is.
find_python() {
    for candidate in python3.13 python3.12 python3.11 python3; do
        # Asked, not only looked for: a name on PATH may be a shim for a Python that is not there.
        found=$("$candidate" -c 'import sys
sys.version_info >= (3, 11) or sys.exit(1)
print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null) || continue
        version=${found%% *}
        base=${found#* }
        return 0
    done
    return 1
}

# can_make: whether an environment can be made with what is here.
can_make() {
    uv --version >/dev/null 2>&1 || "$base" -c 'import venv, ensurepip' 2>/dev/null
}

# can_begin: whether at least an empty one can be made, into which pip is fetched (Debian's Python).
can_begin() {
    "$base" -c 'import venv, ssl' 2>/dev/null
}

# finished ENVIRONMENT: built to the end, and its Python (a link) has not been removed since.
finished() {
    [ -e "$1/ready" ] && [ -x "$1/bin/python" ]
}

# look_for LOCK: sets `env` to the finished environment of that lock file, fails where none is.
# It asks no Python, for this is on the way of every start.
look_for() {
    sum=$(cksum <"$here/$1")
    key=${1%.lock}-${sum% *}-${sum#* }
    for env in "$here/.env/$key"-3.*; do
        finished "$env" && return 0
    done
    place=$(printf %s "$here" | cksum)
    for env in "$cache/$key-${place% *}"-3.*; do
        finished "$env" && return 0
    done
    return 1
}

# install LOCK: fills `env`, every file checked against the hashes of the lock.
install() {
    if uv --version >/dev/null 2>&1; then
        rm -rf "$env"
        UV_COMPILE_BYTECODE=1 uv venv --quiet --no-project --python "$base" "$env" &&
            UV_COMPILE_BYTECODE=1 uv pip install --quiet --require-hashes \
                --python "$env/bin/python" -r "$here/$1" && return 0
    fi
    # Also after uv failed: an index or a proxy may be known to pip's configuration alone.
    rm -rf "$env"
    if ! can_make; then
        "$base" -m venv --without-pip "$env" &&
            wheel=$("$env/bin/python" -I "$here/tui_app/pip_wheel.py" "$env") &&
            "$env/bin/python" "$wheel/pip" install -qq --disable-pip-version-check --no-input \
                --require-hashes -r "$here/$1"
        return
    fi
    "$base" -m venv "$env" &&
        "$env/bin/python" -m pip install -qq --disable-pip-version-check --no-input \
            --require-hashes -r "$here/$1"
}

# environment LOCK: sets `env` and `python`, making the environment when it is not there yet.
environment() {
    if look_for "$1"; then
        python=$env/bin/python
        return 0
    fi
    if ! find_python; then
        tell 'falta o Python 3.11 ou mais novo; no Debian: apt install python3 python3-venv' \
            'Python 3.11 or newer is missing; on Debian: apt install python3 python3-venv'
        return 1
    fi
    if ! can_make && ! can_begin; then
        tell "falta o módulo venv do Python; no Debian: apt install python$version-venv" \
            "Python's venv module is missing; on Debian: apt install python$version-venv"
        return 1
    fi
    if [ -w "$here" ]; then
        folder=$here/.env
        env=$folder/$key-$version
        source=../../../../.. # from site-packages: the whole folder may be moved
    else
        folder=$cache
        env=$folder/$key-${place% *}-$version
        source=$here
    fi
    mkdir -p "$folder"
    (
        # The kernel's lock on descriptor 9, which this subshell and the installer share: it
        # ends with them however they end, so a killed start leaves no lock behind.
        "$base" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)' 9>&9
        finished "$env" && exit 0
        tell 'preparando o ambiente, só desta vez…' 'preparing the environment, this once…'
        if ! { install "$1" && join; } >&2; then
            rm -rf "$env"
            tell "o ambiente não pôde ser preparado; o motivo está acima ($1)" \
                "the environment could not be prepared; the reason is above ($1)"
            exit 1
        fi
    ) 9>>"$folder/lock" || return 1
    python=$env/bin/python
}

# chosen_lock: prints the lock file to go by: the one with the optional extra danfe (DANFE in PDF)
# once that has been chosen here.
chosen_lock() {
    if [ -e "$here/.env/danfe" ] || [ -e "$cache/danfe" ]; then
        echo requirements-danfe.lock
    else
        echo requirements.lock
    fi
}

# choose_extra NAME: from now on with the extra danfe, or with none. It counts only once its
# environment is there: what cannot be installed stops nothing.
choose_extra() {
    case $1 in
        danfe)
            environment requirements-danfe.lock || return 1
            : >"${env%/*}/danfe"
            tell 'os documentos seguem com o DANFE em PDF' 'documents go with the DANFE as PDF'
            ;;
        none)
            rm -f "$here/.env/danfe" "$cache/danfe"
            tell 'os documentos seguem só em XML' 'documents go as XML alone'
            ;;
    esac
}

# join: makes `source` importable in `env` and declares it finished; what was interrupted before
# has no `ready` and is made anew.
join() {
    site=$("$env/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))') &&
        printf '%s\n' "$source" >"$site/carteiro.pth" &&
        : >"$env/ready"
}

# byte_code: the program's own byte code, once after every change of a source file.
byte_code() {
    set -- "$here/tui_app" "$here/screens" "$here/services"
    if [ -e "$env/compiled" ] && [ -z "$(find "$@" -name '*.py' -newer "$env/compiled")" ]; then
        return 0
    fi
    if [ -w "$here/tui_app" ] && [ -w "$env" ]; then
        # Stamped before it starts: a file that changes meanwhile is newer than the stamp.
        : >"$env/compiled.$$"
        "$python" -m compileall -q "$@" >/dev/null 2>&1 || :
        mv "$env/compiled.$$" "$env/compiled"
    else
        # Not ours to write: Python keeps what it compiles in a folder of this user.
        export PYTHONPYCACHEPREFIX="$cache/pycache"
    fi
}
