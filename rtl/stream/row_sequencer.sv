// SPDX-License-Identifier: Apache-2.0

/// Walks the microcode of a row: one entry a cycle gives an address of the line buffer and one of the weight cache, and says what the
/// accumulators do with the product.
///
/// Entry: 7:0 offset to the base, 8 twice, 9 last, 10 end, 11 step (docs/stream_engine.md, "Tables"). An entry that gives a result waits
/// until `chain_free_i`. Times after the cycle in which an entry is accepted:
///
///   1 line address, 2 word of the line buffer and weight address, 3 weights and pair terms, 4 selected terms, 5..7 sums, 7 accumulate_o
module row_sequencer
  import stream_pkg::*;
#(
    /// Cycles from an entry's acceptance to its dot product.
    parameter int unsigned Latency = 7
) (
    /// Clock.
    input  logic           clk_i,
    /// A job runs; without it nothing is computed.
    input  logic           running_i,
    /// Instruction PIXELS, BASE, NEXT, ENTRY, WEIGHT (bits 0..4) is taken.
    input  logic    [ 4:0] load_i,
    /// Its payload.
    input  logic    [11:0] payload_i,
    /// Compute a row: one cycle.
    input  logic           start_i,
    /// Which pixels give results; steady from start_i on.
    input  result_e        results_i,
    /// A row is being computed: entries are still to be accepted.
    output logic           busy_o,
    /// Entries are on their way to the accumulators.
    output logic           flight_o,
    /// Microcode: read entry entry_address_o.
    output logic           entry_read_o,
    output logic    [ 7:0] entry_address_o,
    /// The entry, one cycle later; it stays while nothing is read.
    input  logic    [11:0] entry_i,
    /// The drain can take results: this entry may be a result's last.
    input  logic           chain_free_i,
    /// An entry is accepted.
    output logic           accept_o,
    /// An entry waits for the drain.
    output logic           stall_o,
    /// An entry is accepted that gives results.
    output logic           result_o,
    /// Line buffer word to read.
    output logic    [ 7:0] line_address_o,
    /// Weight cache word to read, one cycle after its line address.
    output logic    [ 7:0] weight_address_o,
    /// The dot product is added to the accumulators in this cycle.
    output logic           accumulate_o,
    /// With accumulate_o: the accumulators begin anew.
    output logic           first_o,
    /// With accumulate_o: they are doubled before.
    output logic           twice_o,
    /// A result's last accumulate_o.
    output logic           load_next_o,
    /// One cycle after it.
    output logic           load_o
);

  logic [7:0] runs_q, base_q, next_q, entry_q, weight_q, pointer_q;
  logic [3:0] column_q;
  logic fetching_q, valid_q, last_run_q;

  logic [7:0] offset;
  logic ends, steps, last, twice, gives, stall, accept, restarts;
  assign {steps, ends, last, twice, offset} = entry_i;
  assign gives = last && (results_i == ResultEach || (results_i == ResultLast && last_run_q));
  assign stall = valid_q && gives && !chain_free_i;
  assign accept = valid_q && !stall;
  assign accept_o = accept;
  assign stall_o = stall;
  assign result_o = accept && gives;
  assign restarts = accept && ends;
  assign busy_o = fetching_q || valid_q;
  assign entry_read_o = !stall;
  assign entry_address_o = pointer_q;

  always_ff @(posedge clk_i) begin
    if (load_i[0]) column_q <= payload_i[3:0];
    if (load_i[2]) next_q <= payload_i[7:0];
    if (load_i[3]) entry_q <= payload_i[7:0];
    if (load_i[4]) weight_q <= payload_i[7:0];

    if (load_i[1]) base_q <= payload_i[7:0];
    else if (accept && steps) base_q <= base_q + (last_run_q ? next_q : 8'(column_q));
  end

  // PIXELS stays in a register of its own, so that every row of a layer needs a GO only.
  logic [7:0] runs_last_q;
  always_ff @(posedge clk_i) begin
    if (load_i[0]) runs_last_q <= payload_i[11:4];
    if (!stall) begin
      if (fetching_q) pointer_q <= restarts ? entry_q : pointer_q + 8'd1;
      valid_q <= fetching_q;
      if (restarts) begin
        runs_q <= runs_q - 8'd1;
        if (runs_q == '0) fetching_q <= 1'b0;
      end
      if (accept && steps) last_run_q <= runs_q == '0;
    end
    if (start_i) begin
      fetching_q <= 1'b1;
      pointer_q  <= entry_q;
      runs_q     <= runs_last_q;
      last_run_q <= runs_last_q == '0;
    end
    if (!running_i) begin
      fetching_q <= 1'b0;
      valid_q <= 1'b0;
    end
  end

  // Bit i of the tags is an entry that was accepted i cycles ago.
  logic [Latency:1] valid_tag_q, result_tag_q, twice_tag_q;
  logic weight_last_q, pixel_begins_q, sum_begins_q;
  always_ff @(posedge clk_i) begin
    line_address_o <= base_q + offset;
    valid_tag_q <= {valid_tag_q[Latency-1:1], accept};
    result_tag_q <= {result_tag_q[Latency-1:1], result_o};
    twice_tag_q <= {twice_tag_q[Latency-1:1], twice};
    weight_last_q <= last;
    if (valid_tag_q[1]) weight_address_o <= pixel_begins_q ? weight_q : weight_address_o + 8'd1;
    if (valid_tag_q[1]) pixel_begins_q <= weight_last_q;
    if (accumulate_o) sum_begins_q <= result_tag_q[Latency];
    load_o <= load_next_o;
    if (!running_i) begin
      valid_tag_q <= '0;
      load_o <= 1'b0;
      pixel_begins_q <= 1'b1;
      sum_begins_q <= 1'b1;
    end
  end
  assign flight_o = valid_tag_q != '0 || load_o;
  assign accumulate_o = valid_tag_q[Latency];
  assign load_next_o = accumulate_o && result_tag_q[Latency];
  assign first_o = sum_begins_q;
  assign twice_o = twice_tag_q[Latency];

endmodule
