// SPDX-License-Identifier: Apache-2.0

/// One channel a cycle from sum to result (docs/arithmetic.md, "Requantise"), shift = 16.
///
///   t = sum + offset                                                modulo 2^AccWidth, signed
///   v = (t * multiplier + addend * scale * 2^8 + 2^15) >>> 16       floor: rounds half up
///   result = logits ? min(max(v, -32768), 32767) : min(max(v, projection ? -activation_max - 1 : 0), activation_max)
///   old_valid: result = max(result, old), of activations
///
/// With t = high * 2^15 + low, 0 <= low < 2^15:  v = (high * multiplier + ((low * multiplier + addend * scale * 2^8 + 2^15) >>> 15)) >>> 1.
/// In cycles after `sum_i`: addend -1, offset and multiplier 0, old 3, result 4.
module requantise_channel #(
    /// Bits of a sum, 16..31.
    parameter int unsigned AccWidth = 22
) (
    /// Clock.
    input  logic                clk_i,
    /// Sum of the array.
    input  logic [AccWidth-1:0] sum_i,
    /// Offset, with its sum.
    input  logic [AccWidth-1:0] offset_i,
    /// Multiplier, signed, with its sum.
    input  logic [        15:0] multiplier_i,
    /// Shortcut, one cycle before its sum.
    input  logic [         7:0] addend_i,
    /// It is two's complement; steady.
    input  logic                addend_signed_i,
    /// Take a new shortcut multiplier.
    input  logic                scale_load_i,
    /// It, in 1/256.
    input  logic [        11:0] scale_i,
    /// Upper clamp; 255 for logits; steady.
    input  logic [         7:0] activation_max_i,
    /// Logits: int16; steady.
    input  logic                logits_i,
    /// Signed result of 8 bits; steady.
    input  logic                projection_i,
    /// The result is a maximum with old_i; steady while a pixel passes.
    input  logic                old_valid_i,
    /// Old result, three cycles after its sum.
    input  logic [         7:0] old_i,
    /// Result: a byte (bits 15:8 are not used), or a logit.
    output logic [        15:0] result_o
);

  if (AccWidth < 16 || AccWidth > 31) begin : gen_check_width
    $error("requantise_channel: AccWidth must be in 16..31");
  end

  logic [AccWidth-1:0] t_q;
  always_ff @(posedge clk_i) t_q <= sum_i + offset_i;

  // Products: see multiply_add for the cycles.
  logic [31:0] shortcut, low, both;
  multiply_add #(
      .Keep(1'b1)
  ) i_shortcut (
      .clk_i,
      .b_load_i(scale_load_i),
      .a_i({addend_signed_i && addend_i[7], addend_i, 7'd0}),
      .b_i({3'd0, scale_i, 1'b0}),
      .c_i(32'h0000_8000),
      .sum_o(shortcut)
  );
  multiply_add i_low (
      .clk_i,
      .b_load_i(1'b0),
      .a_i(multiplier_i),
      .b_i({1'b0, t_q[14:0]}),
      .c_i(shortcut),
      .sum_o(low)
  );
  multiply_add #(
      .Late(1'b1)
  ) i_high (
      .clk_i,
      .b_load_i(1'b0),
      .a_i(multiplier_i),
      .b_i(16'($signed(t_q[AccWidth-1:15]))),
      .c_i({{15{low[31]}}, low[31:15]}),
      .sum_o(both)
  );
  logic [30:0] v;
  logic unused;
  assign v = both[31:1];
  assign unused = ^{both[0], low[14:0]};

  typedef enum logic [1:0] {
    Value,
    Greatest,
    Zero,
    Least
  } choice_e;

  logic negative, beyond_byte, beyond_logit, mirrored, over, keep;
  choice_e choice;
  logic [7:0] magnitude;
  assign negative = v[30];
  assign mirrored = projection_i && negative;
  assign magnitude = v[7:0] ^ {8{mirrored}};
  assign beyond_byte = v[29:8] != {22{mirrored}};
  assign beyond_logit = v[29:15] != {15{negative}};
  assign over = beyond_byte || magnitude > activation_max_i;
  assign keep = old_valid_i && (negative || (!beyond_byte && old_i > v[7:0]));
  always_comb begin
    if (logits_i) choice = !beyond_logit ? Value : negative ? Zero : Greatest;
    else if (negative) choice = !projection_i ? Zero : over ? Least : Value;
    else choice = over ? Greatest : Value;
  end

  always_ff @(posedge clk_i) begin
    if (keep) result_o[7:0] <= old_i;
    else begin
      unique case (choice)
        Value: result_o[7:0] <= v[7:0];
        Greatest: result_o[7:0] <= activation_max_i;
        Zero: result_o[7:0] <= '0;
        Least: result_o[7:0] <= ~activation_max_i;
      endcase
    end
    result_o[15:8] <= beyond_logit ? {negative, {7{!negative}}} : v[15:8];
  end

endmodule
