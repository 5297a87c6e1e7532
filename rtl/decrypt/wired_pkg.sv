// SPDX-License-Identifier: Apache-2.0

/// The wired code: what an engine whose code is fixed at elaboration decrypts with; see docs/decisions/0221-a-code-without-gates.md.
package wired_pkg;

  /// Stored bits of a slice.
  localparam int unsigned Stored = 12;

  /// Weights of a slice: two rows of ten.
  localparam int unsigned Weights = 20;

  /// M, or T M: row i at [i], stored bit j at its bit j.
  typedef logic [Weights-1:0][Stored-1:0] matrix_t;

  /// True weights. Weight 0 stands last.
  localparam matrix_t True = {
    // row 1: weights 19 to 10
    12'h101,
    12'h001,
    12'h180,
    12'h080,
    12'h4A0,
    12'h0A0,
    12'h840,
    12'h040,
    12'h850,
    12'h050,
    // row 0: weights 9 to 0
    12'h022,
    12'h002,
    12'h024,
    12'h004,
    12'hA04,
    12'h804,
    12'h408,
    12'h008,
    12'h608,
    12'h208
  };

  /// What PE style `style` takes in place of the weights: T M (docs/blocks/pe_array.md).
  function automatic matrix_t matrix(int unsigned style);
    matrix_t w, u;
    w = True;
    u = w;
    for (int unsigned r = 0; r < Weights; r += 10) begin
      if (style == flexor_pkg::PeEcp5) begin
        for (int unsigned f = r; f < r + 8; f += 4) begin
          u[f]   = w[f] ^ w[f+2];
          u[f+1] = w[f] ^ w[f+1];
          u[f+3] = w[f+2] ^ w[f+3];
        end
        u[r+9] = w[r+8] ^ w[r+9];
      end else if (style == flexor_pkg::PeXc7) begin
        u[r]   = w[r+1] ^ w[r+3];
        u[r+1] = w[r] ^ w[r+1];
        u[r+3] = w[r] ^ w[r+1] ^ w[r+3];
        u[r+4] = w[r+4] ^ w[r+6];
        u[r+5] = w[r+4] ^ w[r+5];
        u[r+7] = w[r+7] ^ w[r+8] ^ w[r+9];
        u[r+9] = w[r+8] ^ w[r+9];
      end
    end
    return u;
  endfunction

endpackage
