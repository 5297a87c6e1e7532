// SPDX-License-Identifier: Apache-2.0

/// Runs a job: for every layer reads the descriptor, starts the tile loader, walks m-tiles, blocks, tiles and pixels (one pixel
/// in ReadCycles cycles), hands finished blocks to the output writer. The loops are in docs/architecture.md, the timing in docs/blocks/sequencer.md.
///
///   A tile starts >= max(pixels in block, MinPeriod) cycles after the one before, MinPeriod = max(AccumulatorLatency, fetch_latency + 3):
///   `tile_ready_i` counts again when the tile before has been taken, fetch_latency + 1 cycles after its first pixel was decided, and is heard one cycle later.
///   A block starts when its accumulator buffer is free; its last pixel waits until the block before is handed over.
module sequencer #(
    /// Lanes, a multiple of 10, 10..250.
    parameter int unsigned K             = 50,
    /// Bytes of a word of activation memory, K..250.
    parameter int unsigned WordBytes     = K,
    /// Words of a bank of activation memory, a power of two.
    parameter int unsigned ActRows       = 2048,
    /// Reads of a patch, so cycles from a pixel to the next: 1 or 3.
    parameter int unsigned ReadCycles    = 1,
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth    = 10,
    /// See pixel_walker.
    parameter bit          StepMemory    = 1'b0,
    /// Pixels of a block at most.
    parameter int unsigned PMax          = 256,
    /// Binary digits of a weight at most, 1..8.
    parameter int unsigned Digits        = 1,
    /// Stored bits of a slice at most, 1..32.
    parameter int unsigned StoredMax     = 32,
    /// Stored bits of a slice at least.
    parameter int unsigned StoredMin     = 1,
    /// Pixels that one output may sum, at most 2^SumBits.
    parameter int unsigned SumBits       = 0,
    /// 1: shortcuts can be added.
    parameter bit          Residual      = 1'b0,
    /// Output channels of a tile.
    parameter int unsigned M             = 16,
    /// 1: layers can pool windows.
    parameter bit          Windows       = 1'b0,
    /// 1: layers can wait for transfers.
    parameter bit          Transfers     = 1'b0,
    /// Accumulator buffers, 1 or 2.
    parameter int unsigned AccBuffers    = 2,
    /// Words of control memory, a power of two.
    parameter int unsigned ControlWords  = 8192,
    /// Cycles from the activations at the array to their control at the accumulator: pe_latency - AccumulatorLag.
    parameter int unsigned ArrayLatency  = 6,
    /// Bits of a signed input row; follows from CountWidth.
    parameter int unsigned RowWidth      = fetch_pkg::row_width(CountWidth),
    /// Bits of a signed position along a row; follows from WordBytes and ActRows.
    parameter int unsigned PositionWidth = fetch_pkg::position_width(WordBytes, ActRows)
) (
    /// Clock.
    input  logic                                               clk_i,
    /// Synchronous reset, active low.
    input  logic                                               rst_ni,
    /// One cycle: run the job; ignored while one runs.
    input  logic                                               start_i,
    /// Control memory word address of the first layer's descriptor, sampled with `start_i`.
    input  logic                    [$clog2(ControlWords)-1:0] descriptor_address_i,
    /// One cycle: end the job.
    input  logic                                               abort_i,
    /// One cycle: the job has ended; every word is written.
    output logic                                               done_o,
    /// With `done_o`: error code.
    output logic                    [                     7:0] error_o,
    /// Stage of the cycle before (`Stage*` of flexor_pkg); compute when `pixel_valid_o`.
    output logic                    [                     2:0] stage_o,
    /// Layer that runs, from 0.
    output logic                    [                     7:0] layer_o,
    /// Progress of the job's transfers.
    input  logic                    [                    15:0] progress_i,
    /// A layer waits for transfers.
    output logic                                               transfer_wait_o,
    /// One cycle: a layer has ended, every word of it is written.
    output logic                                               layer_done_o,
    /// One cycle at abort: reset every block but the bus.
    output logic                                               flush_o,
    /// Control memory read port.
    output logic                                               control_read_o,
    /// Control memory word address.
    output logic                    [$clog2(ControlWords)-1:0] control_address_o,
    /// Word, one cycle after the read.
    input  logic                    [                    31:0] control_data_i,
    /// Layer; stable while it runs.
    output flexor_pkg::descriptor_t                            descriptor_o,
    /// One cycle: a layer begins (to tile_loader).
    output logic                                               layer_start_o,
    /// The tile that follows will be in the shadow fetch_latency + 2 cycles from now (from tile_decryptor and tile_loader); stays until it is taken.
    input  logic                                               tile_ready_i,
    /// A pixel goes to patch_fetch.
    output logic                                               pixel_valid_o,
    /// See patch_fetch.
    output logic                    [                    31:0] pixel_pair_o,
    /// See patch_fetch.
    output logic                    [                    31:0] tile_pair_o,
    /// See patch_fetch.
    output logic signed             [       PositionWidth-1:0] x_o,
    /// See patch_fetch.
    output logic signed             [            RowWidth-1:0] y_o,
    /// See patch_fetch.
    output logic                    [       PositionWidth-1:0] chunk_start_o,
    /// See patch_fetch.
    output logic                                               last_chunk_o,
    /// See patch_fetch.
    output logic                    [                     7:0] string_o,
    /// A tile's first activations are at the array: copy its weights.
    output logic                                               tile_take_o,
    /// A tile is at the array: from its first to its last activations.
    output logic                                               tile_busy_o,
    /// See accumulator: control of a dot product.
    output logic                                               accumulate_o,
    /// Buffer.
    output logic                                               accumulate_buffer_o,
    /// Address of the pixel in the buffer.
    output logic                    [        $clog2(PMax)-1:0] accumulate_address_o,
    /// Store, do not add.
    output logic                                               accumulate_first_o,
    /// Double before adding: the next binary digit begins.
    output logic                                               accumulate_twice_o,
    /// A finished block is offered to output_writer.
    output logic                                               block_valid_o,
    /// It is taken.
    input  logic                                               block_ready_i,
    /// Its buffer.
    output logic                                               block_buffer_o,
    /// Its pixels, before pooling.
    output logic                    [                    15:0] block_pixels_o,
    /// First block of an m-tile.
    output logic                                               block_first_o,
    /// First block of the layer.
    output logic                                               block_layer_first_o,
    /// The drain of the buffer has ended.
    input  logic                    [          AccBuffers-1:0] buffer_free_i,
    /// Nothing to drain, every write has landed.
    input  logic                                               writer_idle_i
);

  localparam int unsigned PixelWidth = fetch_pkg::pixel_width(WordBytes, ActRows);
  localparam int unsigned TakePeriod = fetch_pkg::fetch_latency(ReadCycles) + 3;
  localparam int unsigned MinPeriod = pe_array_pkg::AccumulatorLatency > TakePeriod ? pe_array_pkg::AccumulatorLatency : TakePeriod;

  if (AccBuffers != 1 && AccBuffers != 2) begin : gen_check_buffers
    $error("sequencer: AccBuffers must be 1 or 2");
  end
  if (PMax < 4 || PMax % 4 != 0) begin : gen_check_block
    $error("sequencer: PMax must be a multiple of 4");
  end

  typedef enum logic [3:0] {
    Idle,
    Read,
    Wait,
    Load,
    Begin,
    Run,
    Drain,
    Done,
    Flush
  } state_e;
  state_e state_q, state_d;

  // Descriptor.
  logic reader_done, reader_error, start, more, drained_q;
  logic word_valid;
  logic [4:0] word;
  flexor_pkg::descriptor_t layer;
  assign start = state_q == Idle && start_i;
  assign more  = state_q == Drain && drained_q && !layer.last && !abort_i;
  descriptor_reader #(
      .PMax        (PMax),
      .PixelWidth  (PixelWidth),
      .CountWidth  (CountWidth),
      .ControlWords(ControlWords),
      .Digits      (Digits),
      .SumBits     (SumBits),
      .Residual    (Residual),
      .Windows     (Windows),
      .StoredMax   (StoredMax),
      .StoredMin   (StoredMin)
  ) i_reader (
      .clk_i,
      .rst_ni        (rst_ni && !flush_o),
      .start_i       (start),
      .next_i        (more),
      .address_i     (descriptor_address_i),
      .read_o        (control_read_o),
      .read_address_o(control_address_o),
      .read_data_i   (control_data_i),
      .word_valid_o  (word_valid),
      .word_o        (word),
      .descriptor_o  (layer),
      .done_o        (reader_done),
      .error_o       (reader_error)
  );
  assign descriptor_o = layer;

  // Job.
  logic pending_q, layer_end, step, drain_wait, weight_wait;
  logic load_q, run_q, block_end, transferred;
  logic [7:0] layer_q, error_q;
  always_comb begin
    state_d = state_q;
    case (state_q)
      Idle: if (start_i) state_d = Read;
      Read: if (reader_done) state_d = transferred ? Load : Wait;
      Wait: if (transferred || reader_error) state_d = Load;
      Load: state_d = reader_error ? Done : Begin;
      Begin: state_d = Run;
      Run: if (layer_end) state_d = Drain;
      Drain: if (drained_q) state_d = layer.last ? Done : Read;
      Flush: state_d = Done;
      default: state_d = Idle;
    endcase
    if (abort_i && state_q != Idle && state_q != Done) state_d = Flush;
  end
  always_ff @(posedge clk_i) begin
    state_q       <= rst_ni ? state_d : Idle;
    load_q        <= rst_ni && state_d == Load;
    layer_start_o <= rst_ni && state_d == Begin;
    run_q         <= rst_ni && state_d == Run;
    drained_q     <= writer_idle_i && !pending_q && !block_end;
    if (start) begin
      layer_q <= '0;
      error_q <= 8'(flexor_pkg::ErrorNone);
    end
    if (more) layer_q <= layer_q + 8'd1;
    if (state_q == Load && reader_error) error_q <= 8'(flexor_pkg::ErrorDescriptor);
    if (state_q == Flush) error_q <= 8'(flexor_pkg::ErrorAborted);
  end
  assign transferred = !Transfers || progress_i >= layer.progress;
  assign transfer_wait_o = Transfers && state_q == Wait;
  assign layer_done_o = state_q == Drain && drained_q && !abort_i;
  assign done_o  = state_q == Done;
  assign error_o = error_q;
  assign layer_o = layer_q;
  assign flush_o = state_q == Flush;
  always_ff @(posedge clk_i) begin
    if (state_q == Idle) stage_o <= 3'(flexor_pkg::StageIdle);
    else if (transfer_wait_o) stage_o <= 3'(flexor_pkg::StageTransferStall);
    else if (!run_q) stage_o <= 3'(flexor_pkg::StageOther);
    else if (step) stage_o <= 3'(flexor_pkg::StageCompute);
    else if (drain_wait) stage_o <= 3'(flexor_pkg::StageDrainStall);
    else if (weight_wait) stage_o <= 3'(flexor_pkg::StageWeightStall);
    else stage_o <= 3'(flexor_pkg::StageOther);
    if (!rst_ni) stage_o <= 3'(flexor_pkg::StageIdle);
  end

  logic tile_first, tile_last, first_tile, last_tile, twice, buffer, block_first, layer_first;
  logic [$clog2(PMax + 1)-1:0] block_pixels;
  pixel_loop #(
      .K         (K),
      .WordBytes (WordBytes),
      .ActRows   (ActRows),
      .PMax      (PMax),
      .Digits    (Digits),
      .M         (M),
      .Windows   (Windows),
      .AccBuffers(AccBuffers),
      .CountWidth(CountWidth),
      .StepMemory(StepMemory),
      .ReadCycles(ReadCycles),
      .MinPeriod (MinPeriod),
      .TileWidth (walk_pkg::tile_width(ControlWords)),
      .PixelWidth(PixelWidth)
  ) i_loop (
      .clk_i,
      .descriptor_i  (layer),
      .word_valid_i  (word_valid),
      .word_i        (word),
      .word_data_i   (control_data_i),
      .load_i        (load_q),
      .begin_i       (layer_start_o),
      .run_i         (run_q),
      .tile_ready_i,
      .buffer_free_i,
      .pending_i     (pending_q),
      .pixel_valid_o (step),
      .drain_wait_o  (drain_wait),
      .weight_wait_o (weight_wait),
      .pixel_pair_o,
      .x_o,
      .y_o,
      .tile_pair_o,
      .chunk_start_o,
      .last_chunk_o,
      .string_o,
      .tile_first_o  (tile_first),
      .tile_last_o   (tile_last),
      .first_tile_o  (first_tile),
      .last_tile_o   (last_tile),
      .twice_o       (twice),
      .buffer_o      (buffer),
      .block_pixels_o(block_pixels),
      .block_first_o (block_first),
      .layer_first_o (layer_first),
      .block_end_o   (block_end),
      .layer_end_o   (layer_end)
  );

  // A pixel as it goes to patch_fetch.
  logic tile_first_q, tile_last_q, first_tile_q, last_tile_q, twice_q, buffer_q;
  always_ff @(posedge clk_i) begin
    pixel_valid_o <= rst_ni && !flush_o && step;
    tile_first_q  <= tile_first;
    tile_last_q   <= tile_last;
    first_tile_q  <= first_tile;
    last_tile_q   <= last_tile;
    twice_q       <= twice;
    buffer_q      <= buffer;
  end

  logic block_done;
  pixel_tags #(
      .PMax        (PMax),
      .ReadCycles  (ReadCycles),
      .ArrayLatency(ArrayLatency)
  ) i_tags (
      .clk_i,
      .rst_ni      (rst_ni && !flush_o),
      .valid_i     (pixel_valid_o),
      .tile_first_i(tile_first_q),
      .tile_last_i (tile_last_q),
      .first_tile_i(first_tile_q),
      .last_tile_i (last_tile_q),
      .twice_i     (twice_q),
      .buffer_i    (buffer_q),
      .tile_take_o,
      .tile_busy_o,
      .accumulate_o,
      .accumulate_buffer_o,
      .accumulate_address_o,
      .accumulate_first_o,
      .accumulate_twice_o,
      .block_done_o(block_done)
  );

  // Hand a block over.
  always_ff @(posedge clk_i) begin
    if (block_end) begin
      block_buffer_o      <= buffer;
      block_pixels_o      <= 16'(block_pixels);
      block_first_o       <= block_first;
      block_layer_first_o <= layer_first;
    end
    if (!rst_ni || flush_o || (block_valid_o && block_ready_i)) begin
      pending_q     <= 1'b0;
      block_valid_o <= 1'b0;
    end else begin
      if (block_end) pending_q <= 1'b1;
      if (block_done) block_valid_o <= 1'b1;
    end
  end

endmodule
