// SPDX-License-Identifier: Apache-2.0
#include <systemc>

// The SystemC library wants one; GoogleTest's main() runs instead.
int sc_main(int /*argc*/, char* /*argv*/[]) { return 0; }
