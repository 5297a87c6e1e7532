// SPDX-License-Identifier: Apache-2.0

/// Simulation model of the Xilinx 7 LUT with two outputs. Synthesis takes the device's cell.
///
///   O6 = INIT[{I5..I0}],  O5 = INIT[{0, I4..I0}]
/* verilator lint_off DECLFILENAME */
module LUT6_2 #(
    /// Table.
    parameter logic [63:0] INIT = 64'd0
) (
    output logic O6,
    output logic O5,
    input  logic I0,
    input  logic I1,
    input  logic I2,
    input  logic I3,
    input  logic I4,
    input  logic I5
);

  assign O6 = INIT[{I5, I4, I3, I2, I1, I0}];
  assign O5 = INIT[{1'b0, I4, I3, I2, I1, I0}];

endmodule
