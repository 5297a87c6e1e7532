// SPDX-License-Identifier: Apache-2.0

/// Simulation model of the Xilinx 7 carry chain of one slice. Synthesis takes the device's cell.
///
///   O[i] = S[i] ^ carry[i],  CO[i] = S[i] ? carry[i] : DI[i],  carry[0] = CI | CYINIT, carry[i] = CO[i-1]
/* verilator lint_off DECLFILENAME */
module CARRY4 (
    output logic [3:0] CO,
    output logic [3:0] O,
    input  logic       CI,
    input  logic       CYINIT,
    input  logic [3:0] DI,
    input  logic [3:0] S
);

  always_comb begin
    logic carry;
    carry = CI | CYINIT;
    for (int i = 0; i < 4; i++) begin
      O[i]  = S[i] ^ carry;
      carry = S[i] ? carry : DI[i];
      CO[i] = carry;
    end
  end

endmodule
