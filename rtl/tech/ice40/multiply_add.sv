// SPDX-License-Identifier: Apache-2.0

/// multiply_add (rtl/tech/generic) as one SB_MAC16 of an iCE40 UltraPlus.
///
///   Late = 0: sum_o[t + 1] = a_i[t - 1] * b_i[t] + c_i[t]
///   Late = 1: sum_o[t + 2] = a_i[t - 1] * b_i[t] + c_i[t + 1]
module multiply_add #(
    /// A register behind the product.
    parameter bit Late = 1'b0,
    /// b stands in a register of the multiplier, which takes b_i with b_load_i.
    parameter bit Keep = 1'b0
) (
    /// Clock.
    input  logic        clk_i,
    /// First factor, signed, a cycle before the second.
    input  logic [15:0] a_i,
    /// Keep = 1: take b_i.
    input  logic        b_load_i,
    /// Second factor, signed.
    input  logic [15:0] b_i,
    /// Addend.
    input  logic [31:0] c_i,
    /// Sum.
    output logic [31:0] sum_o
);

  // The adders take the product (LOWERINPUT 2) and C, D (UPPERINPUT 1), carry from the lower to the upper (CARRYSELECT 3), and end in registers.
  SB_MAC16 #(
      .A_REG(1'b1),
      .B_REG(Keep),
      .PIPELINE_16x16_MULT_REG2(Late),
      .TOPOUTPUT_SELECT(2'd1),
      .TOPADDSUB_LOWERINPUT(2'd2),
      .TOPADDSUB_UPPERINPUT(1'b1),
      .TOPADDSUB_CARRYSELECT(2'd3),
      .BOTOUTPUT_SELECT(2'd1),
      .BOTADDSUB_LOWERINPUT(2'd2),
      .BOTADDSUB_UPPERINPUT(1'b1),
      .BOTADDSUB_CARRYSELECT(2'd0),
      .A_SIGNED(1'b1),
      .B_SIGNED(1'b1)
  ) i_mac (
      .CLK(clk_i),
      .CE(1'b1),
      .A(a_i),
      .B(b_i),
      .C(c_i[31:16]),
      .D(c_i[15:0]),
      .AHOLD(1'b0),
      .BHOLD(!b_load_i),
      .CHOLD(1'b0),
      .DHOLD(1'b0),
      .IRSTTOP(1'b0),
      .IRSTBOT(1'b0),
      .ORSTTOP(1'b0),
      .ORSTBOT(1'b0),
      .OLOADTOP(1'b0),
      .OLOADBOT(1'b0),
      .ADDSUBTOP(1'b0),
      .ADDSUBBOT(1'b0),
      .OHOLDTOP(1'b0),
      .OHOLDBOT(1'b0),
      .CI(1'b0),
      .ACCUMCI(1'b0),
      .SIGNEXTIN(1'b0),
      .O(sum_o),
      // verilator lint_off PINCONNECTEMPTY
      .CO(),
      .ACCUMCO(),
      .SIGNEXTOUT()
      // verilator lint_on PINCONNECTEMPTY
  );

endmodule
