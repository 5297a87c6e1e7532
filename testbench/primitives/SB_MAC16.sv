// SPDX-License-Identifier: Apache-2.0

/// Simulation model of the multiply-adder of an iCE40 UltraPlus, of the modes that the RTL uses (Lattice FPGA-TN-02007): a 16 x 16 product, an
/// adder of 32 bits with C and D, an output register; registers of A and of the product where asked for. Synthesis takes the device's cell.
/* verilator lint_off DECLFILENAME */
module SB_MAC16 #(
    parameter logic A_REG = 1'b0,
    parameter logic B_REG = 1'b0,
    parameter logic PIPELINE_16x16_MULT_REG2 = 1'b0,
    parameter logic [1:0] TOPOUTPUT_SELECT = 2'd0,
    parameter logic [1:0] TOPADDSUB_LOWERINPUT = 2'd0,
    parameter logic TOPADDSUB_UPPERINPUT = 1'b0,
    parameter logic [1:0] TOPADDSUB_CARRYSELECT = 2'd0,
    parameter logic [1:0] BOTOUTPUT_SELECT = 2'd0,
    parameter logic [1:0] BOTADDSUB_LOWERINPUT = 2'd0,
    parameter logic BOTADDSUB_UPPERINPUT = 1'b0,
    parameter logic [1:0] BOTADDSUB_CARRYSELECT = 2'd0,
    parameter logic A_SIGNED = 1'b0,
    parameter logic B_SIGNED = 1'b0
) (
    input  logic        CLK,
    input  logic        CE,
    input  logic [15:0] A,
    input  logic [15:0] B,
    input  logic [15:0] C,
    input  logic [15:0] D,
    input  logic        AHOLD,
    input  logic        BHOLD,
    input  logic        CHOLD,
    input  logic        DHOLD,
    input  logic        IRSTTOP,
    input  logic        IRSTBOT,
    input  logic        ORSTTOP,
    input  logic        ORSTBOT,
    input  logic        OLOADTOP,
    input  logic        OLOADBOT,
    input  logic        ADDSUBTOP,
    input  logic        ADDSUBBOT,
    input  logic        OHOLDTOP,
    input  logic        OHOLDBOT,
    input  logic        CI,
    input  logic        ACCUMCI,
    input  logic        SIGNEXTIN,
    output logic [31:0] O,
    output logic        CO,
    output logic        ACCUMCO,
    output logic        SIGNEXTOUT
);

  if (TOPOUTPUT_SELECT != 2'd1 || TOPADDSUB_LOWERINPUT != 2'd2 || !TOPADDSUB_UPPERINPUT || TOPADDSUB_CARRYSELECT != 2'd3 ||
      BOTOUTPUT_SELECT != 2'd1 || BOTADDSUB_LOWERINPUT != 2'd2 || !BOTADDSUB_UPPERINPUT || BOTADDSUB_CARRYSELECT != 2'd0) begin : gen_check
    $error("SB_MAC16: the model knows the mode of multiply_add only");
  end

  logic [15:0] a_q, a, b_q, b;
  logic [31:0] product, product_q;
  assign a = A_REG ? a_q : A;
  assign b = B_REG ? b_q : B;
  assign product = (A_SIGNED ? 32'($signed(a)) : 32'(a)) * (B_SIGNED ? 32'($signed(b)) : 32'(b));
  always_ff @(posedge CLK) begin
    if (CE) begin
      a_q <= A;
      if (!BHOLD) b_q <= B;
      product_q <= product;
      O <= (PIPELINE_16x16_MULT_REG2 ? product_q : product) + {C, D};
    end
  end
  assign {CO, ACCUMCO, SIGNEXTOUT} = '0;

  logic unused;
  assign unused = ^{AHOLD, CHOLD, DHOLD, IRSTTOP, IRSTBOT, ORSTTOP, ORSTBOT, OLOADTOP, OLOADBOT, ADDSUBTOP, ADDSUBBOT, OHOLDTOP,
                    OHOLDBOT, CI, ACCUMCI, SIGNEXTIN};

endmodule
