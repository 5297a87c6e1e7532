// SPDX-License-Identifier: Apache-2.0

/// Runs a list of transfers between external memory (AXI4) and the engine's memories, one after another, beside the layers.
///
/// An entry (transfer_pkg) waits until `after` layers of the job have ended; a layer waits until the progress that entries
/// announce has reached its own. With these two counts the compiler orders everything. An entry may say that what it sets off comes at once. Any fault ends the list: nothing more is asked of the memory, what it owes is
/// swallowed, running_o falls, and the first fault is reported once.
///   words:       control, code: 4 bytes a word; weight: D bits; activations: Word = min(W, Beat) bytes a cycle
///   checked:     the entry's fold; kind 1..5; count >= 1; word + count <= words of the memory; a pair inside activation memory (what runs past its end wraps);
///                words and beats end together; sums where asked for
module dma_engine
  import axi_pkg::*;
  import flexor_pkg::*;
  import transfer_pkg::*;
#(
    /// Bytes of a word of activation memory.
    parameter int unsigned K = 50,
    /// Bits of a weight word.
    parameter int unsigned D = 40,
    /// Bytes of activation memory written in a cycle at most.
    parameter int unsigned W = 16,
    /// Bytes of a beat, 8 or 16.
    parameter int unsigned Beat = 16,
    /// Words of a bank of activation memory.
    parameter int unsigned ActRows = 2048,
    /// Words of weight memory.
    parameter int unsigned WeightWords = 131072,
    /// Words of control memory.
    parameter int unsigned ControlWords = 8192,
    /// Words of code memory.
    parameter int unsigned CodeWords = 256,
    /// 1: sums are compared where an entry asks for it; 0: they are not built.
    parameter bit Checksum = 1'b1,
    /// Bits of the time-out.
    parameter int unsigned TimeoutWidth = 24,
    /// Bytes of a word that comes out; follows from D, W and Beat.
    parameter int unsigned Word = transfer_word(D, W, Beat)
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// One cycle: run the list; ignored while running_o.
    input  logic                    start_i,
    /// One cycle: end without a report.
    input  logic                    stop_i,
    /// One cycle, not while running_o: external memory was reset and owes nothing.
    input  logic                    forget_i,
    /// Byte address of the first entry, a multiple of Beat.
    input  logic [            31:0] list_i,
    /// First byte that may be touched.
    input  logic [            31:0] window_first_i,
    /// Last byte that may be touched.
    input  logic [            31:0] window_last_i,
    /// Cycles without an answer of the memory that are too many; 0: never.
    input  logic [TimeoutWidth-1:0] timeout_i,
    /// One cycle: a layer of the job has ended.
    input  logic                    layer_done_i,
    /// From start_i until the list has ended and the memory owes nothing.
    output logic                    running_o,
    /// A transfer waits for layers.
    output logic                    waits_o,
    /// Every transfer of the list has ended well.
    output logic                    complete_o,
    /// One cycle: the layers begin.
    output logic                    begin_o,
    /// Progress of the job: what the last entry that ended says; layers wait for it.
    output logic [            15:0] progress_o,
    /// One cycle: a report, the first of a job.
    output logic                    error_valid_o,
    /// `Error*` of flexor_pkg.
    output logic [             7:0] error_code_o,
    /// Byte address in external memory that it is about.
    output logic [            31:0] error_address_o,
    /// A word for control, code, weight or activation memory (one hot, in this order from bit 0).
    output logic [             3:0] write_o,
    /// Activation memory takes it in this cycle; the others always do.
    input  logic                    write_ready_i,
    /// Word number, or pair.
    output logic [            31:0] write_address_o,
    /// The word.
    output logic [      8*Word-1:0] write_data_o,
    /// Bytes of it, for activation memory.
    output logic [        Word-1:0] write_strobe_o,
    /// Beat bytes of activation memory are wanted.
    output logic                    read_valid_o,
    /// They are read in this cycle.
    input  logic                    read_ready_i,
    /// Pair of the first.
    output logic [            31:0] read_address_o,
    /// The bytes, fetch_pkg::ActivationLatency cycles later.
    input  logic [      8*Beat-1:0] read_data_i,
    /// AXI4 read address.
    output logic                    m_axi_arvalid_o,
    input  logic                    m_axi_arready_i,
    output logic [            31:0] m_axi_araddr_o,
    output logic [             7:0] m_axi_arlen_o,
    output logic [             2:0] m_axi_arsize_o,
    output logic [             1:0] m_axi_arburst_o,
    /// AXI4 read data.
    input  logic                    m_axi_rvalid_i,
    output logic                    m_axi_rready_o,
    input  logic [      8*Beat-1:0] m_axi_rdata_i,
    input  logic [             1:0] m_axi_rresp_i,
    input  logic                    m_axi_rlast_i,
    /// AXI4 write address.
    output logic                    m_axi_awvalid_o,
    input  logic                    m_axi_awready_i,
    output logic [            31:0] m_axi_awaddr_o,
    output logic [             7:0] m_axi_awlen_o,
    output logic [             2:0] m_axi_awsize_o,
    output logic [             1:0] m_axi_awburst_o,
    /// AXI4 write data.
    output logic                    m_axi_wvalid_o,
    input  logic                    m_axi_wready_i,
    output logic [      8*Beat-1:0] m_axi_wdata_o,
    output logic [        Beat-1:0] m_axi_wstrb_o,
    output logic                    m_axi_wlast_o,
    /// AXI4 write response.
    input  logic                    m_axi_bvalid_i,
    output logic                    m_axi_bready_o,
    input  logic [             1:0] m_axi_bresp_i
);

  localparam int unsigned Grain = weight_grain(D);
  localparam int unsigned PerByte = 8 / Grain;
  localparam int unsigned WeightGrains = D / Grain;
  localparam int unsigned ActivationBytes = W < Beat ? W : Beat;
  localparam int unsigned WeightBits = D < 32 ? 32 : 8 * ((D + 7) / 8);  // control and code words are 32 bits
  localparam int unsigned Moved = ActivationBytes == Beat || WeightBits > 8 * ActivationBytes ? WeightBits : 8 * ActivationBytes;
  localparam int unsigned StepWidth = $clog2(Word * PerByte + 1);
  localparam int unsigned OffsetWidth = $clog2(K);
  localparam int unsigned EntryBeats = EntryBytes / Beat;

  if (Beat != 8 && Beat != 16) begin : gen_check_beat
    $error("dma_engine: Beat must be 8 or 16");
  end
  if (Beat > K) begin : gen_check_activation
    $error("dma_engine: a beat must not be wider than a word of activation memory (K bytes)");
  end

  typedef enum logic [3:0] {
    Idle,
    Ask,
    Take,
    Settled,
    Check,
    Wait,
    Command,
    Load,
    Store,
    Settle,
    End,
    Finish,
    Stop
  } state_e;
  state_e state_q, state_d;

  // The entry.
  entry_t entry_q;
  logic [31:0] list_q;
  logic [15:0] layers_q;
  logic is_store, is_activation, legal, early, effect;
  logic [31:0] words;
  logic [StepWidth-1:0] step;
  logic [32:0] chip_end_q;
  logic [15:0] fold_q;
  logic [31:0] count_beats_q;  // beats that hold count_i bytes
  assign is_store = entry_q.kind == TransferStore;
  assign is_activation = entry_q.kind == TransferActivation;
  always_comb begin
    step  = StepWidth'(4 * PerByte);
    words = 32'(ControlWords);
    unique case (entry_q.kind)
      TransferWeight: begin
        step  = StepWidth'(WeightGrains);
        words = 32'(WeightWords);
      end
      TransferActivation: step = StepWidth'(ActivationBytes * PerByte);
      TransferCode: words = 32'(CodeWords);
      default: ;
    endcase
    legal = entry_q.kind >= TransferControl && entry_q.kind <= TransferStore && entry_q.count != '0 && entry_q.beats[31:BeatsWidth] == '0 &&
            fold_q == EntryCheck;
    if (is_activation || is_store) begin
      legal = legal && entry_q.chip_address[7:0] < 8'(K) && entry_q.chip_address[31:8] < 24'(2 * ActRows) &&
              entry_q.count <= 32'(2 * ActRows * K) && count_beats_q == entry_q.beats;
    end else begin
      legal = legal && chip_end_q <= 33'(words);
    end
  end
  assign early   = layers_q < entry_q.after;
  assign waits_o = state_q == Wait && early;

  // Faults: of a master, of an entry, of a sum. The first one counts.
  logic reader_error, writer_error, own_error, report;
  axi_error_e reader_code, writer_code, master_code;
  logic [31:0] reader_address, writer_address;
  logic reader_idle, writer_idle, stopping_q, dead_q, timed;
  logic mismatch, unequal, owes;
  logic [1:0] settle_q;  // cycles until idle flags tell of an abort
  logic [7:0] own_code;
  assign owes = !reader_idle || !writer_idle;
  assign master_code = reader_error ? reader_code : writer_code;
  assign timed = (reader_error && reader_code == AxiErrorTimeout) || (writer_error && writer_code == AxiErrorTimeout);

  always_comb begin
    own_error = 1'b0;
    own_code  = 8'(ErrorTransfer);
    unique case (state_q)
      Idle: begin
        own_error = start_i && owes;
        own_code  = 8'(ErrorMemoryOwes);
      end
      Check: own_error = !legal;
      Load: own_error = unequal;
      End: begin
        own_error = mismatch;
        own_code  = 8'(ErrorChecksum);
      end
      default: ;
    endcase
  end
  assign report = (reader_error || writer_error || own_error) && !stopping_q && (state_q != Idle || own_error);

  function automatic logic [7:0] engine_error(input axi_error_e code);
    unique case (code)
      AxiErrorSlave: return 8'(ErrorMemorySlave);
      AxiErrorDecode: return 8'(ErrorMemoryDecode);
      AxiErrorTimeout: return 8'(ErrorMemoryTimeout);
      AxiErrorLast: return 8'(ErrorMemoryLast);
      AxiErrorWindow: return 8'(ErrorWindow);
      default: return 8'(ErrorTransfer);
    endcase
  endfunction

  // Sequence.
  logic command_ready, reader_ready, writer_ready, beat_valid, beat_ready, beat_last, entry_taken, load_end, store_end, begun_q;
  logic [8*Beat-1:0] beat;
  assign entry_taken = state_q == Take && beat_valid && beat_last;
  assign command_ready = is_store ? writer_ready : reader_ready;
  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle: if (start_i && !owes) state_d = Ask;
      Ask: if (reader_ready) state_d = Take;
      Take: if (entry_taken) state_d = Settled;
      Settled: state_d = Check;
      Check: state_d = Wait;
      Wait: if (!early) state_d = Command;
      Command: if (command_ready) state_d = is_store ? Store : Load;
      Load: if (load_end) state_d = End;
      Store: if (store_end) state_d = Settle;
      Settle: if (writer_idle) state_d = End;
      End: state_d = entry_q.last ? Finish : Ask;
      Finish: if (!owes) state_d = Idle;
      Stop: if (settle_q == '0 && (!owes || dead_q)) state_d = Idle;
      default: state_d = Idle;
    endcase
    if ((report || stop_i) && state_q != Idle) state_d = Stop;
  end

  // What an entry sets off: when it has ended, or as soon as it is known to be legal.
  assign effect = (state_q == End && state_d != Stop) || (state_q == Check && state_d == Wait && entry_q.at_once);

  always_ff @(posedge clk_i) begin
    state_q <= state_d;
    stopping_q <= state_d == Stop;
    running_o <= state_d != Idle;
    settle_q <= state_q == Stop ? settle_q - 2'(settle_q != '0) : 2'd3;
    if (timed) dead_q <= 1'b1;
    else if (!owes || forget_i) dead_q <= 1'b0;
    chip_end_q <= 33'(entry_q.chip_address) + 33'(entry_q.count);
    fold_q <= entry_fold(entry_q);
    count_beats_q <= 32'((33'(entry_q.count) + 33'(Beat - 1)) >> $clog2(Beat));
    begin_o <= effect && entry_q.starts && !begun_q;
    if (layer_done_i) layers_q <= layers_q + 16'd1;
    if (state_q == Take && beat_valid) entry_q <= {beat, entry_q[8*EntryBytes-1:8*Beat]};
    if (effect) begin
      progress_o <= entry_q.progress;
      begun_q <= begun_q || entry_q.starts;
    end
    if (state_q == End && state_d != Stop) begin
      list_q <= list_q + 32'(EntryBytes);
      complete_o <= entry_q.last;
    end
    if (state_q == Idle && start_i) begin
      list_q <= list_i;
      layers_q <= '0;
      progress_o <= '0;
      begun_q <= 1'b0;
      complete_o <= 1'b0;
    end
    error_valid_o <= report;
    if (report) begin
      error_code_o <= reader_error || writer_error ? engine_error(master_code) : own_code;
      error_address_o <= reader_error ? reader_address :
          writer_error ? writer_address : state_q == Idle || state_q == Check ? list_q : entry_q.address;
    end
    if (!rst_ni) begin
      state_q <= Idle;
      stopping_q <= 1'b0;
      running_o <= 1'b0;
      dead_q <= 1'b0;
      begin_o <= 1'b0;
      complete_o <= 1'b0;
      progress_o <= '0;
      error_valid_o <= 1'b0;
    end
  end

  // External memory.
  logic abort_q;
  always_ff @(posedge clk_i) abort_q <= rst_ni && state_d == Stop && state_q != Stop;

  axi_reader #(
      .AddressWidth(32),
      .DataBytes(Beat),
      .TimeoutWidth(TimeoutWidth)
  ) i_reader (
      .clk_i,
      .rst_ni,
      .abort_i(abort_q),
      .forget_i,
      .window_first_i,
      .window_last_i,
      .timeout_i,
      .command_valid_i(state_q == Ask || (state_q == Command && !is_store)),
      .command_ready_o(reader_ready),
      .command_address_i(state_q == Ask ? list_q : entry_q.address),
      .command_beats_i(state_q == Ask ? BeatsWidth'(EntryBeats) : entry_q.beats[BeatsWidth-1:0]),
      .data_valid_o(beat_valid),
      .data_ready_i(beat_ready),
      .data_o(beat),
      .data_last_o(beat_last),
      .error_valid_o(reader_error),
      .error_code_o(reader_code),
      .error_address_o(reader_address),
      .idle_o(reader_idle),
      .m_axi_arvalid_o,
      .m_axi_arready_i,
      .m_axi_araddr_o,
      .m_axi_arlen_o,
      .m_axi_arsize_o,
      .m_axi_arburst_o,
      .m_axi_rvalid_i,
      .m_axi_rready_o,
      .m_axi_rdata_i,
      .m_axi_rresp_i,
      .m_axi_rlast_i
  );

  // Loads: beats to words, one register before the memories.
  logic unpack_ready, word_valid, word_ready, word_last, finished, last_beat_q, last_q, move_rst_n;
  logic [8*Word-1:0] word;
  logic [Word-1:0] strobe;
  logic [3:0] kind;
  logic [23+OffsetWidth:0] pair_next;
  assign move_rst_n = rst_ni && (state_q == Load || state_q == Command);
  assign beat_ready = state_q == Take || (state_q == Load && unpack_ready);
  for (genvar i = 0; i < 4; i++) begin : gen_kind
    assign kind[i] = entry_q.kind == 3'(i + 1);
  end

  beat_unpacker #(
      .Beat (Beat),
      .Word (Word),
      .Grain(Grain),
      .Fine (D),
      .Moved(Moved)
  ) i_unpacker (
      .clk_i,
      .rst_ni(move_rst_n),
      .step_i(step),
      .bytes_i(is_activation),
      .start_i(state_q == Command),
      .count_i(entry_q.count),
      .beat_valid_i(beat_valid && state_q == Load),
      .beat_ready_o(unpack_ready),
      .beat_i(beat),
      .word_valid_o(word_valid),
      .word_ready_i(word_ready),
      .word_o(word),
      .strobe_o(strobe),
      .last_o(word_last),
      .finished_o(finished)
  );
  assign word_ready = write_o == '0 || !write_o[3] || write_ready_i;
  assign load_end = write_o != '0 && last_q && word_ready;
  // The beats end before the words, or the words before the beats.
  assign unequal = state_q == Load && (last_beat_q ? !finished && !word_valid : finished);

  pair_add #(
      .K(K),
      .WordWidth(24)
  ) i_add (
      .a_i  ({write_address_o[31:8], write_address_o[OffsetWidth-1:0]}),
      .b_i  ({24'd0, OffsetWidth'(ActivationBytes)}),
      .sum_o(pair_next)
  );

  always_ff @(posedge clk_i) begin
    if (word_ready) write_o <= word_valid ? kind : '0;
    if (word_ready && word_valid) begin
      write_data_o <= word;
      write_strobe_o <= strobe;
      last_q <= word_last;
    end
    if (word_ready && write_o != '0) begin
      write_address_o <= is_activation ? {pair_next[23+OffsetWidth:OffsetWidth], 8'(pair_next[OffsetWidth-1:0])} : write_address_o + 32'd1;
    end
    if (beat_valid && beat_ready) last_beat_q <= beat_last;
    if (state_q == Command) begin
      write_address_o <= entry_q.chip_address;
      last_beat_q <= 1'b0;
    end
    if (!move_rst_n) write_o <= '0;
  end

  logic [31:0] sum1, sum2;
  if (Checksum) begin : gen_sums
    beat_sum #(
        .Beat(Beat)
    ) i_sum (
        .clk_i,
        .clear_i(state_q == Command),
        .valid_i(state_q == Load && beat_valid && beat_ready),
        .beat_i (beat),
        .sum1_o (sum1),
        .sum2_o (sum2)
    );
    assign mismatch = entry_q.check && !is_store && (sum1 != entry_q.sum1 || sum2 != entry_q.sum2);
  end else begin : gen_no_sums
    assign {sum1, sum2, mismatch} = '0;
  end

  // Stores.
  logic store_valid, store_ready;
  logic [8*Beat-1:0] store_beat;
  logic [Beat-1:0] store_strobe;
  logic [BeatsWidth-1:0] store_left_q;
  always_ff @(posedge clk_i) begin
    if (state_q == Command) store_left_q <= entry_q.beats[BeatsWidth-1:0];
    else if (store_valid && store_ready) store_left_q <= store_left_q - BeatsWidth'(1);
  end
  assign store_end = store_left_q == '0;

  activation_store #(
      .K(K),
      .Beat(Beat)
  ) i_store (
      .clk_i,
      .rst_ni(rst_ni && (state_q == Command || state_q == Store)),
      .start_i(state_q == Command && is_store && command_ready),
      .pair_i(entry_q.chip_address),
      .count_i(entry_q.count),
      .read_valid_o,
      .read_ready_i,
      .read_address_o,
      .read_data_i,
      .beat_valid_o(store_valid),
      .beat_ready_i(store_ready),
      .beat_o(store_beat),
      .strobe_o(store_strobe)
  );

  axi_writer #(
      .AddressWidth(32),
      .DataBytes(Beat),
      .TimeoutWidth(TimeoutWidth)
  ) i_writer (
      .clk_i,
      .rst_ni,
      .abort_i(abort_q),
      .forget_i,
      .window_first_i,
      .window_last_i,
      .timeout_i,
      .command_valid_i(state_q == Command && is_store),
      .command_ready_o(writer_ready),
      .command_address_i(entry_q.address),
      .command_beats_i(entry_q.beats[BeatsWidth-1:0]),
      .data_valid_i(store_valid),
      .data_ready_o(store_ready),
      .data_i(store_beat),
      .data_strobe_i(store_strobe),
      .error_valid_o(writer_error),
      .error_code_o(writer_code),
      .error_address_o(writer_address),
      .idle_o(writer_idle),
      .m_axi_awvalid_o,
      .m_axi_awready_i,
      .m_axi_awaddr_o,
      .m_axi_awlen_o,
      .m_axi_awsize_o,
      .m_axi_awburst_o,
      .m_axi_wvalid_o,
      .m_axi_wready_i,
      .m_axi_wdata_o,
      .m_axi_wstrb_o,
      .m_axi_wlast_o,
      .m_axi_bvalid_i,
      .m_axi_bready_o,
      .m_axi_bresp_i
  );

  logic unused_bits;
  assign unused_bits = ^{entry_q.fold, entry_q.unused, sum1, sum2};

endmodule
