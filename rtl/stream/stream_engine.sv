// SPDX-License-Identifier: Apache-2.0

/// The stream engine: banks of memory, the stream with its units, and the array (docs/stream_engine.md).
///
/// The host reaches a bank in a cycle in which no unit does; banks 0 and 2 only while no job runs.
module stream_engine
  import stream_pkg::*;
#(
    /// Lanes: channels of a word; 16.
    parameter int unsigned K          = 16,
    /// Output channels of an m-tile; 16.
    parameter int unsigned M          = 16,
    /// Slices decrypted at a time.
    parameter int unsigned D          = 2,
    /// Bits of an accumulator, 16..31.
    parameter int unsigned AccWidth   = 22,
    /// Bits of the counter of cycles, at most 24; when it is full the job ends.
    parameter int unsigned CycleWidth = 24
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// Begin a job: one cycle.
    input  logic                    start_i,
    /// First halfword of its stream.
    input  logic   [          13:0] start_address_i,
    /// The input stands in the upper half of bank 3.
    input  logic                    start_upper_i,
    /// End the job.
    input  logic                    abort_i,
    /// The host wants a bank in this cycle.
    input  logic                    host_valid_i,
    /// It writes (banks 2 and 3), else it reads (bank 0).
    input  logic                    host_write_i,
    /// Which bank.
    input  logic   [           1:0] host_bank_i,
    /// Which halfword.
    input  logic   [          13:0] host_address_i,
    /// Value to write.
    input  logic   [          15:0] host_data_i,
    /// The host gets the bank in this cycle.
    output logic                    host_grant_o,
    /// Halfword read, one cycle later.
    output logic   [          15:0] host_data_o,
    /// A host write was lost: ends a job with ErrorOverrun.
    input  logic                    host_overrun_i,
    /// A job runs.
    output logic                    running_o,
    /// How the last one ended.
    output error_e                  error_o,
    /// Its cycles.
    output logic   [CycleWidth-1:0] cycles_o,
    /// Trace: a row's computation begins.
    output logic                    trace_row_o,
    /// Trace: 1 an entry is accepted, 2 the array waits for weights, 3 for the drain, 4 for something else; 0 no job.
    output logic   [           2:0] trace_stage_o,
    /// Trace: bank 0 or 1 is written (bit i: bank i).
    output logic   [           1:0] trace_write_o,
    /// Trace: which halfword.
    output logic   [          13:0] trace_address_o,
    /// Trace: its value.
    output logic   [          15:0] trace_data_o
);

  logic begins, running, upper_q;
  logic done, illegal, ended;
  assign running_o = running;
  stream_job #(
      .CycleWidth(CycleWidth)
  ) i_job (
      .clk_i,
      .rst_ni,
      .start_i,
      .abort_i,
      .done_i   (done),
      .illegal_i(illegal),
      .ended_i  (ended),
      .overrun_i(host_overrun_i),
      .begin_o  (begins),
      .running_o(running),
      .error_o,
      .cycles_o
  );
  always_ff @(posedge clk_i) if (begins) upper_q <= start_upper_i;

  // Banks.
  logic [15:0] bank[4];
  logic [1:0] drain_read, drain_write;
  logic [3:0] fill_request;
  logic [13:0] fill_address, drain_address, stream_address;
  logic [15:0] drain_data;
  logic stream_read, fill_grant, host_2, host_3;
  assign fill_grant = (fill_request[1:0] & (drain_read | drain_write)) == '0;
  assign host_2 = host_valid_i && !running && host_bank_i == 2'd2;
  assign host_3 = host_valid_i && !fill_request[3] && host_bank_i == 2'd3;
  assign host_grant_o = host_bank_i == 2'd3 ? !fill_request[3] : !running;
  assign host_data_o = bank[0];

  ram_1rw #(
      .Depth(16384),
      .Width(16)
  ) i_bank0 (
      .clk_i,
      .enable_i (1'b1),
      .write_i  (drain_write[0]),
      .address_i(!running ? host_address_i : drain_write[0] || drain_read[0] ? drain_address : fill_address),
      .data_i   (drain_data),
      .data_o   (bank[0])
  );
  ram_1rw #(
      .Depth(16384),
      .Width(16)
  ) i_bank1 (
      .clk_i,
      .enable_i (1'b1),
      .write_i  (drain_write[1]),
      .address_i(drain_write[1] || drain_read[1] ? drain_address : fill_address),
      .data_i   (drain_data),
      .data_o   (bank[1])
  );
  ram_1rw #(
      .Depth(16384),
      .Width(16)
  ) i_bank2 (
      .clk_i,
      .enable_i (stream_read || host_2),
      .write_i  (host_2 && host_write_i),
      .address_i(running ? stream_address : host_address_i),
      .data_i   (host_data_i),
      .data_o   (bank[2])
  );
  ram_1rw #(
      .Depth(16384),
      .Width(16)
  ) i_bank3 (
      .clk_i,
      .enable_i (1'b1),
      .write_i  (host_3 && host_write_i),
      .address_i(fill_request[3] ? fill_address : host_address_i),
      .data_i   (host_data_i),
      .data_o   (bank[3])
  );

  // Stream.
  logic valid, take_instruction, take_bits, take_copy;
  logic fill_busy, compute_busy, flight, drain_busy, decrypt_busy, copy_busy;
  logic [14:0] load;
  logic fill, fill_zeros, compute, bits, copy;
  result_e results;
  logic [7:0] copy_address;
  logic [5:0] copy_write;
  logic [15:0] word;
  logic shift_bits;
  stream_reader #(
      .D(D)
  ) i_reader (
      .clk_i,
      .start_i  (begins),
      .start_address_i,
      .running_i(running),
      .read_o   (stream_read),
      .address_o(stream_address),
      .data_i   (bank[2]),
      .valid_o  (valid),
      .word_o   (word),
      .shift_i  (shift_bits),
      .take_i   (take_instruction || take_bits || take_copy),
      .ended_o  (ended)
  );
  instruction_decoder i_decoder (
      .clk_i,
      .running_i     (running),
      .valid_i       (valid),
      .word_i        (word),
      .take_o        (take_instruction),
      .fill_busy_i   (fill_busy),
      .compute_busy_i(compute_busy),
      .drain_busy_i  (drain_busy || flight),
      .decrypt_busy_i(decrypt_busy),
      .copy_busy_i   (copy_busy),
      .load_o        (load),
      .fill_o        (fill),
      .fill_zeros_o  (fill_zeros),
      .compute_o     (compute),
      .results_o     (results),
      .bits_o        (bits),
      .copy_o        (copy),
      .done_o        (done),
      .illegal_o     (illegal)
  );
  table_copy i_copy (
      .clk_i,
      .running_i(running),
      .start_i  (copy),
      .table_i  (table_e'(word[8:7])),
      .valid_i  (valid),
      .word_i   (word),
      .take_o   (take_copy),
      .busy_o   (copy_busy),
      .address_o(copy_address),
      .write_o  (copy_write)
  );

  // Tables: microcode, code (2), parameters (3).
  logic [7:0] table_read_address[6];
  logic [15:0] table_data[6];
  logic [7:0] entry_address, column_address, parameter_address;
  logic entry_read;
  assign table_read_address = '{entry_address, column_address, column_address, parameter_address, parameter_address, parameter_address};
  for (genvar t = 0; t < 6; t++) begin : gen_table
    ram_1r1w #(
        .Depth(256),
        .Width(16)
    ) i_table (
        .clk_i,
        .read_i         (t == 0 ? entry_read : 1'b1),
        .read_address_i (table_read_address[t]),
        .data_o         (table_data[t]),
        .write_i        (copy_write[t]),
        .write_address_i(copy_address),
        .data_i         (word)
    );
  end

  // Weights.
  logic weight_write;
  logic [32*D-1:0] group;
  logic [K*M-1:0] weight;
  logic [7:0] weight_address;
  stream_decryptor #(
      .D(D)
  ) i_decryptor (
      .clk_i,
      .running_i       (running),
      .load_code_i     (load[OpCode]),
      .start_i         (bits),
      .valid_i         (valid),
      .word_i          (word),
      .take_o          (take_bits),
      .shift_o         (shift_bits),
      .busy_o          (decrypt_busy),
      .column_address_o(column_address),
      .column_i        ({table_data[2], table_data[1]}),
      .write_o         (weight_write),
      .weight_o        (group)
  );
  weight_cache #(
      .K(K),
      .M(M),
      .GroupBits(32 * D)
  ) i_weights (
      .clk_i,
      .start_i  (begins),
      .write_i  (weight_write),
      .group_i  (group),
      .address_i(weight_address),
      .weight_o (weight)
  );

  // Activations.
  logic [7:0] line_write, line_write_address, line_address;
  logic [3:0] line_select;
  logic [15:0] line_data;
  logic [8*K-1:0] activation;
  row_fill i_fill (
      .clk_i,
      .running_i      (running),
      .load_i         (load[OpLine:OpSource]),
      .payload_i      (word[11:0]),
      .start_i        (fill),
      .zeros_i        (fill_zeros),
      .upper_i        (upper_q),
      .busy_o         (fill_busy),
      .request_o      (fill_request),
      .address_o      (fill_address),
      .grant_i        (fill_grant),
      .write_o        (line_write),
      .write_select_o (line_select),
      .write_address_o(line_write_address)
  );
  assign line_data = (line_select[0] ? bank[0] : '0) | (line_select[1] ? bank[1] : '0) | (line_select[3] ? bank[3] : '0);
  line_buffer #(
      .K(K)
  ) i_line (
      .clk_i,
      .write_i        (line_write),
      .write_address_i(line_write_address),
      .data_i         (line_data),
      .address_i      (line_address),
      .word_o         (activation)
  );

  // Rows.
  logic accept, stall;
  logic chain_free, result, accumulate, first, twice, sums_next, sums, shift;
  logic [AccWidth-1:0] sum;
  row_sequencer i_sequencer (
      .clk_i,
      .running_i       (running),
      .load_i          (load[OpWeight:OpPixels]),
      .payload_i       (word[11:0]),
      .start_i         (compute),
      .results_i       (results),
      .busy_o          (compute_busy),
      .flight_o        (flight),
      .entry_read_o    (entry_read),
      .entry_address_o (entry_address),
      .entry_i         (table_data[0][11:0]),
      .chain_free_i    (chain_free),
      .accept_o        (accept),
      .stall_o         (stall),
      .result_o        (result),
      .line_address_o  (line_address),
      .weight_address_o(weight_address),
      .accumulate_o    (accumulate),
      .first_o         (first),
      .twice_o         (twice),
      .load_next_o     (sums_next),
      .load_o          (sums)
  );
  dot_array #(
      .K(K),
      .M(M),
      .AccWidth(AccWidth)
  ) i_array (
      .clk_i,
      .activation_i(activation),
      .weight_i    (weight),
      .accumulate_i(accumulate),
      .first_i     (first),
      .twice_i     (twice),
      .load_i      (sums),
      .shift_i     (shift),
      .sum_o       (sum)
  );
  row_drain #(
      .M(M),
      .AccWidth(AccWidth)
  ) i_drain (
      .clk_i,
      .running_i          (running),
      .load_i             (load[OpScale:OpResult]),
      .payload_i          (word[11:0]),
      .result_i           (result),
      .chain_free_o       (chain_free),
      .sums_next_i        (sums_next),
      .sums_i             (sums),
      .shift_o            (shift),
      .sum_i              (sum),
      .busy_o             (drain_busy),
      .parameter_address_o(parameter_address),
      .multiplier_i       (table_data[3]),
      .offset_i           (AccWidth'({table_data[5], table_data[4]})),
      .read_o             (drain_read),
      .write_o            (drain_write),
      .address_o          (drain_address),
      .data_o             (drain_data),
      .data_i             (bank[0:1])
  );

  logic unused;
  assign unused = fill_request[2] ^ line_select[2];  // bank 2 holds the stream

  assign trace_row_o = compute;
  assign trace_stage_o = !running ? 3'd0 : accept ? 3'd1 : stall ? 3'd3 : decrypt_busy && !compute_busy ? 3'd2 : 3'd4;
  assign trace_write_o = drain_write;
  assign trace_address_o = drain_address;
  assign trace_data_o = drain_data;

endmodule
