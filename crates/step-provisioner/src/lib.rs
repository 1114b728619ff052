//! step-provisioner
