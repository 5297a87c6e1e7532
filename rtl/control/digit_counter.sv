// SPDX-License-Identifier: Apache-2.0

/// Counts the binary digits of a block's weights: says when the last one is there.
module digit_counter #(
    /// Binary digits of a weight at most, 1..8; 1: descriptor.digits does not count.
    parameter int unsigned Digits = 1
) (
    /// Clock.
    input  logic                    clk_i,
    /// Layer: digits.
    input  flexor_pkg::descriptor_t descriptor_i,
    /// Go to the first digit.
    input  logic                    load_i,
    /// Go to the next digit; after the last comes the first again.
    input  logic                    step_i,
    /// The digit is the last.
    output logic                    last_o
);

  if (Digits < 1 || Digits > 8) begin : gen_check
    $error("digit_counter: Digits must be in 1..8");
  end

  if (Digits == 1) begin : gen_one
    logic unused_inputs;
    assign last_o = 1'b1;
    assign unused_inputs = ^{clk_i, load_i, step_i};
  end else begin : gen_many
    logic [3:0] left_q;  // this one included
    always_ff @(posedge clk_i) begin
      if (load_i || (step_i && last_o)) begin
        left_q <= descriptor_i.digits;
        last_o <= descriptor_i.digits == 4'd1;
      end else if (step_i) begin
        left_q <= left_q - 4'd1;
        last_o <= left_q == 4'd2;
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^descriptor_i;

endmodule
