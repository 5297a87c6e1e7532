// SPDX-License-Identifier: Apache-2.0

/// Simulation model of the ECP5 carry cell: two LUT4s in a carry chain. Synthesis takes the device's cell.
///
///   sum = LUT4(a, b, c, d) ^ carry_in,  carry_out = LUT4 ? carry_in : LUT2(a, b), LUT2 = the LUT4's table at c = d = 0
/* verilator lint_off DECLFILENAME */
module CCU2C #(
    /// Table of the first LUT4, index {d, c, b, a}.
    parameter logic [15:0] INIT0 = 16'h0000,
    /// Table of the second LUT4.
    parameter logic [15:0] INIT1 = 16'h0000,
    /// "YES" cuts the first half off its carry; the engine always says "NO".
    parameter INJECT1_0 = "YES",
    /// The same for the second half.
    parameter INJECT1_1 = "YES"
) (
    input  logic CIN,
    input  logic A0,
    input  logic B0,
    input  logic C0,
    input  logic D0,
    input  logic A1,
    input  logic B1,
    input  logic C1,
    input  logic D1,
    output logic S0,
    output logic S1,
    output logic COUT
);

  if (INJECT1_0 != "NO" || INJECT1_1 != "NO") begin : gen_check_inject
    $error("CCU2C: the model has no INJECT1");
  end

  logic propagate0, propagate1, carry;
  assign propagate0 = INIT0[{D0, C0, B0, A0}];
  assign propagate1 = INIT1[{D1, C1, B1, A1}];
  assign carry = propagate0 ? CIN : INIT0[{2'b00, B0, A0}];
  assign S0 = propagate0 ^ CIN;
  assign S1 = propagate1 ^ carry;
  assign COUT = propagate1 ? carry : INIT1[{2'b00, B1, A1}];

endmodule
