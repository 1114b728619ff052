# shellcheck shell=bash
# Sourced by the scripts in this directory and by .ci/run: checks what the machine must have.

# as_root COMMAND…
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "${0##*/}: run as root, or with sudo installed" >&2
    return 1
  fi
}

# debian_packages PACKAGE…
#
# Installs those that are missing. Without apt-get it prints what is needed and returns 1: on other
# systems the user knows where to get the same things. All output goes to stderr, because the
# caller's stdout may be its result.
debian_packages() {
  local package missing=()
  for package in "$@"; do
    # dpkg remembers removed packages too, so the status word decides, not the exit status alone.
    case "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" in
      installed) ;;
      *) missing+=("$package") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "${0##*/}: please install these packages (Debian names): ${missing[*]}" >&2
    return 1
  fi
  echo "${0##*/}: installing ${missing[*]}" >&2
  # A fresh image has no package lists, and old lists name versions that the mirror no longer has.
  as_root apt-get update -qq >&2 </dev/null || return 1
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 </dev/null
}

system_openssl() { pkg-config --exists 'openssl >= 3' 2>/dev/null; }

# Perl is on every Debian, but without the modules that OpenSSL's Configure loads.
whole_perl() { perl -MFindBin -MIPC::Cmd -MPod::Usage -e 1 2>/dev/null; }

# What compiling, releasing and testing the workspace takes. Asked by what is used, not by package
# name: a machine may have its own compiler or OpenSSL.
needs_to_build() {
  local pair wanted=() pairs=(
    cc:build-essential make:make pkg-config:pkg-config python3:python3 ssh-keygen:openssh-client
  )
  if ! command -v cargo >/dev/null; then
    echo "${0##*/}: there is no cargo on the PATH; install Rust from https://rustup.rs" >&2
    return 1
  fi
  # The gate reads the release binary; tests run the program on a terminal, as root without its
  # privileges, and see which files it opens.
  if [ "$(uname -s)" = Linux ]; then
    pairs+=(readelf:binutils script:bsdutils setpriv:util-linux strace:strace)
  fi
  for pair in "${pairs[@]}"; do
    if ! command -v "${pair%:*}" >/dev/null; then wanted+=("${pair#*:}"); fi
  done
  if ! whole_perl; then wanted+=(perl); fi
  if ! system_openssl; then wanted+=(libssl-dev); fi
  # Without it Cargo, Go and pip trust no registry. Elsewhere than on Debian it lies in other places.
  if command -v apt-get >/dev/null && [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then
    wanted+=(ca-certificates)
  fi
  if [ ${#wanted[@]} -gt 0 ]; then debian_packages "${wanted[@]}" || return 1; fi

  # Building OpenSSL from source takes two minutes and tests none of our code. The release build does
  # it, so that its program needs no libssl; OPENSSL_NO_VENDOR=0 does it everywhere.
  if system_openssl; then export OPENSSL_NO_VENDOR=${OPENSSL_NO_VENDOR:-1}; fi
}
