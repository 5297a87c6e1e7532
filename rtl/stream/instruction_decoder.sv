// SPDX-License-Identifier: Apache-2.0

/// Takes instructions from the stream when the unit that they are for is idle (docs/stream_engine.md, "Instructions").
///
/// A SET instruction shows as one bit of `load_o` in the cycle in which it is taken, its payload on the stream's bits 11:0.
/// GO shows one cycle later as `fill_o`, `compute_o`. BITS hands the stream to the decryptor until that is idle again, COPY to table_copy.
module instruction_decoder
  import stream_pkg::*;
(
    /// Clock.
    input  logic           clk_i,
    /// A job runs; without it the decoder waits for a first instruction.
    input  logic           running_i,
    /// The stream's next halfword is there.
    input  logic           valid_i,
    /// That halfword.
    input  logic    [15:0] word_i,
    /// It is taken as an instruction.
    output logic           take_o,
    /// row_fill works.
    input  logic           fill_busy_i,
    /// row_sequencer works.
    input  logic           compute_busy_i,
    /// Results are on their way.
    input  logic           drain_busy_i,
    /// stream_decryptor works on the groups of a BITS.
    input  logic           decrypt_busy_i,
    /// table_copy works.
    input  logic           copy_busy_i,
    /// SET instruction number i is taken.
    output logic    [14:0] load_o,
    /// A row is to be filled: FillRow or FillZeros.
    output logic           fill_o,
    /// With fill_o: zeros.
    output logic           fill_zeros_o,
    /// A row is to be computed.
    output logic           compute_o,
    /// Its results, steady until the next compute_o.
    output result_e        results_o,
    /// BITS is taken; its payload is the number of groups - 1.
    output logic           bits_o,
    /// COPY is taken; its payload names the table.
    output logic           copy_o,
    /// END is taken: everything is done.
    output logic           done_o,
    /// An instruction that does not exist is next.
    output logic           illegal_o
);

  op_e op;
  action_e action;
  logic is_action, idle, ready, goes, here;
  assign op = op_e'(word_i[15:12]);
  assign action = action_e'(word_i[11:9]);
  assign is_action = op == OpAction;
  assign idle = !fill_busy_i && !compute_busy_i && !drain_busy_i;

  always_comb begin
    unique case (op)
      OpSource, OpFill, OpRow, OpLine: ready = !fill_busy_i;
      OpPixels, OpBase, OpNext, OpEntry, OpWeight: ready = !compute_busy_i;
      OpResult, OpAddend, OpOutput, OpSteps, OpScale: ready = !compute_busy_i && !drain_busy_i;
      OpCode: ready = 1'b1;
      OpAction: begin
        unique case (action)
          ActionGo: ready = !fill_busy_i && !(word_i[0] && compute_busy_i);
          ActionWait, ActionEnd: ready = idle;
          default: ready = 1'b1;
        endcase
      end
    endcase
  end

  // A GO that was taken in the cycle before is not yet seen in the busy signals.
  logic going_q;
  assign here = valid_i && !decrypt_busy_i && !copy_busy_i && !going_q;
  assign take_o = here && ready;
  assign goes = take_o && is_action && action == ActionGo;
  assign bits_o = take_o && is_action && action == ActionBits;
  assign copy_o = take_o && is_action && action == ActionCopy;
  assign done_o = take_o && is_action && action == ActionEnd;
  assign illegal_o = here && is_action && word_i[11] && word_i[10:9] != 2'b00;

  for (genvar i = 0; i < 15; i++) begin : gen_load
    assign load_o[i] = take_o && op == op_e'(i);
  end

  always_ff @(posedge clk_i) begin
    going_q <= goes;
    fill_o <= goes && word_i[2:1] != FillNothing;
    fill_zeros_o <= word_i[2:1] == FillZeros;
    compute_o <= goes && word_i[0];
    if (goes && word_i[0]) results_o <= result_e'(word_i[4:3]);
    if (!running_i) begin
      going_q   <= 1'b0;
      fill_o    <= 1'b0;
      compute_o <= 1'b0;
    end
  end

  logic unused;
  assign unused = ^word_i[8:5];

endmodule
