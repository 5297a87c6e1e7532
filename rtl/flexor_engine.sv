// SPDX-License-Identifier: Apache-2.0

/// Runs whole FleXOR networks: encrypted weights and images in, logits out (docs/architecture.md).
///
/// This module only connects blocks; while no job runs the memories belong to the bus.
module flexor_engine #(
    /// Lanes, a multiple of SliceK, 10..250.
    parameter int unsigned K = 50,
    /// Bytes of a word of activation memory, K..250: what one read brings.
    parameter int unsigned WordBytes = K,
    /// Output channels of a tile, a multiple of SliceM and of R.
    parameter int unsigned M = 16,
    /// Weight bits of a slice, SliceK * SliceM, <= 32.
    parameter int unsigned NOut = 20,
    /// Lanes of a slice.
    parameter int unsigned SliceK = 10,
    /// Channels of a slice.
    parameter int unsigned SliceM = 2,
    /// Slices decrypted at a time; divides K*M/NOut, <= 8*BusBytes.
    parameter int unsigned D = 20,
    /// 0 serial (code is data), 1 fixed (Matrix), 2 plain (no XOR).
    parameter int unsigned Decryption = 0,
    /// 0 pair, 1 addsub, 2 andtree, 3 ice40, 4 ecp5, 5 xc7.
    parameter int unsigned PeStyle = 0,
    /// 2: the next tile loads during compute; 1: load, then compute.
    parameter int unsigned WeightBuffers = 2,
    /// Accumulator bits.
    parameter int unsigned AccWidth = 22,
    /// Pixels of a block at most, a multiple of 4.
    parameter int unsigned PMax = 256,
    /// Accumulator buffers, 1 or 2.
    parameter int unsigned AccBuffers = 2,
    /// Channels requantised per cycle, a power of two that divides M.
    parameter int unsigned R = 8,
    /// Bytes written per cycle, max(2R, BusBytes), a power of two, 2W <= WordBytes.
    parameter int unsigned W = 16,
    /// AXI4-Lite data bytes, 4 or 8.
    parameter int unsigned BusBytes = 8,
    /// 1: a patch a cycle; 3: a patch in three cycles from single-port memories of 16 bits (needs K = 10, WordBytes = 16, AccBuffers = 1).
    parameter int unsigned ReadCycles = 1,
    /// Words per bank of activation memory, a power of two.
    parameter int unsigned ActRows = 2048,
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth = 10,
    /// Weight memory words, a power of two.
    parameter int unsigned WeightWords = 262144,
    /// Control memory words, a power of two.
    parameter int unsigned ControlWords = 8192,
    /// Code memory words, a power of two.
    parameter int unsigned CodeWords = 256,
    /// Requantise shift.
    parameter int unsigned Shift = 16,
    /// Bits of the cycle counters, 1..32.
    parameter int unsigned CounterWidth = 32,
    /// Binary digits of a weight at most, 1..8.
    parameter int unsigned Digits = 1,
    /// Pixels that one output may sum (global average), at most 2^SumBits; AccWidth + SumBits <= 32.
    parameter int unsigned SumBits = 0,
    /// Words of residual memory (R activations each), a power of two, 512..2^24; 0: no shortcuts.
    parameter int unsigned ResidualWords = 0,
    /// 1: layers that pool windows (needs M <= WordBytes).
    parameter int unsigned Windows = 0,
    /// 1: fewer cells for a slow clock; needs AccBuffers = 1 and Windows = 0.
    parameter int unsigned Compact = 0,
    /// 1: the steps from pixel to pixel stand in a block of memory, not in flip-flops.
    parameter int unsigned StepMemory = 0,
    /// Bytes of a beat of external memory, 8 or 16, <= WordBytes; 0: none, the m_axi ports are idle.
    parameter int unsigned AxiBytes = 0,
    /// 1: transfers compare sums where their entry asks for it.
    parameter int unsigned Checksum = 0,
    /// Decryption = 1: stored bits of a slice, 1..NOut.
    parameter int unsigned NMax = wired_pkg::Stored,
    /// Decryption = 1: the code as PeStyle takes it, see tile_decryptor; the wired code unless it is given.
    parameter logic [NOut*NMax-1:0] Matrix = wired_pkg::matrix(PeStyle),
    /// Bytes of the m_axi data ports; follows from AxiBytes.
    parameter int unsigned Beat = AxiBytes == 0 ? 8 : AxiBytes
) (
    /// Clock.
    input  logic                  clk_i,
    /// Synchronous reset, active low.
    input  logic                  rst_ni,
    /// AXI4-Lite write address.
    input  logic                  s_axil_awvalid_i,
    /// AXI4-Lite write address ready.
    output logic                  s_axil_awready_o,
    /// AXI4-Lite write address, bytes.
    input  logic [          27:0] s_axil_awaddr_i,
    /// AXI4-Lite write data valid.
    input  logic                  s_axil_wvalid_i,
    /// AXI4-Lite write data ready.
    output logic                  s_axil_wready_o,
    /// AXI4-Lite write data.
    input  logic [8*BusBytes-1:0] s_axil_wdata_i,
    /// AXI4-Lite byte enables.
    input  logic [  BusBytes-1:0] s_axil_wstrb_i,
    /// AXI4-Lite write response valid.
    output logic                  s_axil_bvalid_o,
    /// AXI4-Lite write response ready.
    input  logic                  s_axil_bready_i,
    /// AXI4-Lite write response.
    output logic [           1:0] s_axil_bresp_o,
    /// AXI4-Lite read address valid.
    input  logic                  s_axil_arvalid_i,
    /// AXI4-Lite read address ready.
    output logic                  s_axil_arready_o,
    /// AXI4-Lite read address, bytes.
    input  logic [          27:0] s_axil_araddr_i,
    /// AXI4-Lite read data valid.
    output logic                  s_axil_rvalid_o,
    /// AXI4-Lite read data ready.
    input  logic                  s_axil_rready_i,
    /// AXI4-Lite read data.
    output logic [8*BusBytes-1:0] s_axil_rdata_o,
    /// AXI4-Lite read response.
    output logic [           1:0] s_axil_rresp_o,
    /// Job ended; level, cleared by register INTERRUPT.
    output logic                  interrupt_o,
    /// AXI4 read address; one ID.
    output logic                  m_axi_arvalid_o,
    /// AXI4 read address ready.
    input  logic                  m_axi_arready_i,
    /// AXI4 read address, bytes.
    output logic [          31:0] m_axi_araddr_o,
    /// AXI4 beats less one.
    output logic [           7:0] m_axi_arlen_o,
    /// AXI4 bytes of a beat, log2.
    output logic [           2:0] m_axi_arsize_o,
    /// AXI4 INCR.
    output logic [           1:0] m_axi_arburst_o,
    /// AXI4 read data valid.
    input  logic                  m_axi_rvalid_i,
    /// AXI4 read data ready.
    output logic                  m_axi_rready_o,
    /// AXI4 read data.
    input  logic [    8*Beat-1:0] m_axi_rdata_i,
    /// AXI4 read response.
    input  logic [           1:0] m_axi_rresp_i,
    /// AXI4 last beat of a burst.
    input  logic                  m_axi_rlast_i,
    /// AXI4 write address; one ID.
    output logic                  m_axi_awvalid_o,
    /// AXI4 write address ready.
    input  logic                  m_axi_awready_i,
    /// AXI4 write address, bytes.
    output logic [          31:0] m_axi_awaddr_o,
    /// AXI4 beats less one.
    output logic [           7:0] m_axi_awlen_o,
    /// AXI4 bytes of a beat, log2.
    output logic [           2:0] m_axi_awsize_o,
    /// AXI4 INCR.
    output logic [           1:0] m_axi_awburst_o,
    /// AXI4 write data valid.
    output logic                  m_axi_wvalid_o,
    /// AXI4 write data ready.
    input  logic                  m_axi_wready_i,
    /// AXI4 write data.
    output logic [    8*Beat-1:0] m_axi_wdata_o,
    /// AXI4 byte enables.
    output logic [      Beat-1:0] m_axi_wstrb_o,
    /// AXI4 last beat of a burst.
    output logic                  m_axi_wlast_o,
    /// AXI4 write response valid.
    input  logic                  m_axi_bvalid_i,
    /// AXI4 write response ready.
    output logic                  m_axi_bready_o,
    /// AXI4 write response.
    input  logic [           1:0] m_axi_bresp_i,
    /// Simulation: words of a layer boundary are written in this cycle.
    output logic                  trace_valid_o,
    /// Simulation: layer that runs.
    output logic [           7:0] trace_layer_o,
    /// Simulation: output pixel, batch included.
    output logic [          23:0] trace_pixel_o,
    /// Simulation: first of R channels.
    output logic [          15:0] trace_channel_o,
    /// Simulation: channels that exist.
    output logic [         R-1:0] trace_mask_o,
    /// Simulation: 16 bits a channel.
    output logic [      16*R-1:0] trace_data_o,
    /// Simulation: stage of this cycle (`Stage*` of flexor_pkg).
    output logic [           2:0] trace_stage_o
);

  localparam int unsigned DotWidth = pe_array_pkg::dot_width(PeStyle, K);
  localparam bit Serial = Decryption == flexor_pkg::DecryptionSerial;
  localparam int unsigned StoredMax = Serial ? 32 : Decryption == flexor_pkg::DecryptionFixed ? NMax : NOut;
  // A pooling layer says 1, so that its tiles come fast: it has no weights.
  localparam int unsigned StoredMin = Decryption == flexor_pkg::DecryptionFixed && Windows == 0 ? NMax : 1;
  localparam int unsigned PositionWidth = fetch_pkg::position_width(WordBytes, ActRows);
  localparam int unsigned ControlWidth = $clog2(ControlWords);
  localparam int unsigned CodeWidth = $clog2(CodeWords);
  localparam int unsigned WeightWidth = $clog2(WeightWords);
  localparam int unsigned PixelWidth = $clog2(PMax);
  localparam int unsigned TimeoutWidth = 24;
  localparam int unsigned TransferWord = transfer_pkg::transfer_word(D, W, Beat);

  if (W < BusBytes || W < 2 * R) begin : gen_check_write
    $error("flexor_engine: W must be max(2R, BusBytes)");
  end
  if (K > WordBytes) begin : gen_check_lanes
    $error("flexor_engine: K must not exceed WordBytes");
  end
  localparam bit NarrowFits = ReadCycles == 3 && K == 10 && WordBytes == 16 && AccBuffers == 1 && AxiBytes == 0 && Windows == 0;
  if (ReadCycles != 1 && !NarrowFits) begin : gen_check_reads
    $error("flexor_engine: ReadCycles must be 1, or 3 with K = 10, WordBytes = 16, AccBuffers = 1, AxiBytes = 0, Windows = 0");
  end
  if (D > 8 * BusBytes) begin : gen_check_word
    $error("flexor_engine: D must not exceed the bus width, 8 * BusBytes");
  end

  // Bus.
  logic [23:0] bus_address;
  logic [8*BusBytes-1:0] bus_data;
  logic [BusBytes-1:0] bus_strobe;
  logic bus_control_write, bus_code_write, bus_weight_write, bus_activation_write;
  logic bus_control_read, bus_code_read, bus_weight_read, bus_activation_read;
  logic start, stop, done, busy, with_transfers, forget;
  logic [ControlWidth-1:0] descriptor_address;
  logic [7:0] error_code, layer;
  logic [2:0] stage;
  logic [31:0] list, window_first, window_last, error_address;
  logic [TimeoutWidth-1:0] timeout;

  // Memories.
  logic [31:0] control_data;
  logic [NOut-1:0] code_data;
  logic [D-1:0] weight_data;
  logic [8*WordBytes-1:0] activation_data;

  register_block #(
      .K(K),
      .WordBytes(WordBytes),
      .M(M),
      .D(D),
      .R(R),
      .NOut(NOut),
      .BusBytes(BusBytes),
      .ActRows(ActRows),
      .AlignedActivations(ReadCycles != 1),
      .WeightWords(WeightWords),
      .ControlWords(ControlWords),
      .CodeWords(CodeWords),
      .AxiBytes(AxiBytes),
      .TimeoutWidth(TimeoutWidth),
      .CounterWidth(CounterWidth),
      .Compact(Compact),
      .ReadLatency(fetch_pkg::ActivationLatency)
  ) i_registers (
      .clk_i,
      .rst_ni,
      .s_axil_awvalid_i,
      .s_axil_awready_o,
      .s_axil_awaddr_i,
      .s_axil_wvalid_i,
      .s_axil_wready_o,
      .s_axil_wdata_i,
      .s_axil_wstrb_i,
      .s_axil_bvalid_o,
      .s_axil_bready_i,
      .s_axil_bresp_o,
      .s_axil_arvalid_i,
      .s_axil_arready_o,
      .s_axil_araddr_i,
      .s_axil_rvalid_o,
      .s_axil_rready_i,
      .s_axil_rdata_o,
      .s_axil_rresp_o,
      .memory_address_o  (bus_address),
      .memory_data_o     (bus_data),
      .memory_strobe_o   (bus_strobe),
      .control_write_o   (bus_control_write),
      .code_write_o      (bus_code_write),
      .weight_write_o    (bus_weight_write),
      .activation_write_o(bus_activation_write),
      .control_read_o    (bus_control_read),
      .code_read_o       (bus_code_read),
      .weight_read_o     (bus_weight_read),
      .activation_read_o (bus_activation_read),
      .control_data_i    (control_data),
      .code_data_i       (code_data),
      .weight_data_i     (weight_data),
      .activation_data_i (activation_data[8*BusBytes-1:0]),
      .start_o           (start),
      .transfers_o       (with_transfers),
      .forget_o          (forget),
      .abort_o           (stop),
      .descriptor_o      (descriptor_address),
      .busy_o            (busy),
      .done_i            (done),
      .error_i           (error_code),
      .stage_i           (stage),
      .layer_i           (layer),
      .list_o            (list),
      .window_first_o    (window_first),
      .window_last_o     (window_last),
      .timeout_o         (timeout),
      .error_address_i   (error_address),
      .beat_read_i       (m_axi_rvalid_i && m_axi_rready_o),
      .beat_written_i    (m_axi_wvalid_o && m_axi_wready_i),
      .interrupt_o
  );

  // Job: layers, transfers.
  logic layers_start, layers_abort, layers_done, layers_wait, layer_done;
  logic [7:0] layers_error, running_layer;
  logic [ 2:0] layers_stage;
  logic [15:0] progress;
  logic [ 3:0] fill;  // control, code, weight, activation memory
  logic fill_ready, store_read, store_ready;
  logic [31:0] fill_address, store_address;
  logic [8*TransferWord-1:0] fill_data;
  logic [  TransferWord-1:0] fill_strobe;

  if (AxiBytes == 0) begin : gen_no_transfers
    assign layers_start = start;
    assign layers_abort = stop;
    assign done = layers_done;
    assign error_code = layers_error;
    assign stage = layers_stage;
    assign layer = running_layer;
    assign {error_address, progress, fill, fill_address, fill_data, fill_strobe, store_read, store_address} = '0;
    assign {m_axi_arvalid_o, m_axi_araddr_o, m_axi_arlen_o, m_axi_arsize_o, m_axi_arburst_o, m_axi_rready_o} = '0;
    assign {m_axi_awvalid_o, m_axi_awaddr_o, m_axi_awlen_o, m_axi_awsize_o, m_axi_awburst_o} = '0;
    assign {m_axi_wvalid_o, m_axi_wdata_o, m_axi_wstrb_o, m_axi_wlast_o, m_axi_bready_o} = '0;
    logic unused_transfers, unused_axi;
    assign unused_transfers = ^{
      with_transfers, forget, layers_wait, layer_done, fill_ready, store_ready, list, window_first, window_last, timeout
    };
    assign unused_axi = ^{
      m_axi_arready_i, m_axi_rdata_i, m_axi_rresp_i, m_axi_rlast_i, m_axi_awready_i, m_axi_bvalid_i, m_axi_bresp_i
    };
  end else begin : gen_transfers
    logic transferring, begun_q;
    logic list_start, list_stop, list_running, list_wait, list_complete, list_begin, list_error_valid;
    logic [ 7:0] list_error;
    logic [31:0] list_error_address;
    job_control i_job (
        .clk_i,
        .rst_ni,
        .start_i             (start),
        .transfers_i         (with_transfers),
        .abort_i             (stop),
        .done_o              (done),
        .error_o             (error_code),
        .transferring_o      (transferring),
        .begun_o             (begun_q),
        .error_address_o     (error_address),
        .layers_start_o      (layers_start),
        .layers_abort_o      (layers_abort),
        .layers_done_i       (layers_done),
        .layers_error_i      (layers_error),
        .layers_wait_i       (layers_wait),
        .list_start_o        (list_start),
        .list_stop_o         (list_stop),
        .list_running_i      (list_running),
        .list_wait_i         (list_wait),
        .list_complete_i     (list_complete),
        .list_begin_i        (list_begin),
        .list_error_valid_i  (list_error_valid),
        .list_error_i        (list_error),
        .list_error_address_i(list_error_address)
    );
    // Before the first layer and after the last one the job only transfers.
    assign layer = transferring && !begun_q ? 8'd0 : running_layer;
    assign stage = transferring && layers_stage == 3'(flexor_pkg::StageIdle) ? 3'(flexor_pkg::StageTransferStall) : layers_stage;
    dma_engine #(
        .K(WordBytes),
        .D(D),
        .W(W),
        .Beat(Beat),
        .ActRows(ActRows),
        .WeightWords(WeightWords),
        .ControlWords(ControlWords),
        .CodeWords(CodeWords),
        .Checksum(Checksum != 0),
        .TimeoutWidth(TimeoutWidth)
    ) i_dma (
        .clk_i,
        .rst_ni,
        .start_i        (list_start),
        .stop_i         (list_stop),
        .forget_i       (forget),
        .list_i         (list),
        .window_first_i (window_first),
        .window_last_i  (window_last),
        .timeout_i      (timeout),
        .layer_done_i   (layer_done),
        .running_o      (list_running),
        .waits_o        (list_wait),
        .complete_o     (list_complete),
        .begin_o        (list_begin),
        .progress_o     (progress),
        .error_valid_o  (list_error_valid),
        .error_code_o   (list_error),
        .error_address_o(list_error_address),
        .write_o        (fill),
        .write_ready_i  (fill_ready),
        .write_address_o(fill_address),
        .write_data_o   (fill_data),
        .write_strobe_o (fill_strobe),
        .read_valid_o   (store_read),
        .read_ready_i   (store_ready),
        .read_address_o (store_address),
        .read_data_i    (activation_data[8*Beat-1:0]),
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
        .m_axi_rlast_i,
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
  end

  // Sequencer.
  flexor_pkg::descriptor_t descriptor;
  logic flush, block_rst_n, layer_start, tile_ready, tile_take, tile_busy, tile_valid, tile_soon, pixel_valid;
  logic [31:0] pixel_pair, tile_pair;
  logic signed [PositionWidth-1:0] x;
  logic signed [fetch_pkg::row_width(CountWidth)-1:0] y;
  logic last_chunk;
  logic [PositionWidth-1:0] chunk_start;
  logic [7:0] string_index;
  logic accumulate, accumulate_buffer, accumulate_first, accumulate_twice;
  logic [PixelWidth-1:0] accumulate_address;
  logic block_valid, block_ready, block_buffer, block_first, block_layer_first, writer_idle;
  logic [15:0] block_pixels;
  logic [AccBuffers-1:0] buffer_free;
  logic descriptor_read;
  logic [ControlWidth-1:0] descriptor_word;

  assign block_rst_n = rst_ni && !flush;
  assign tile_ready = tile_valid || (WeightBuffers == 2 && tile_soon);

  sequencer #(
      .K(K),
      .WordBytes(WordBytes),
      .ActRows(ActRows),
      .ReadCycles(ReadCycles),
      .CountWidth(CountWidth),
      .StepMemory(StepMemory != 0),
      .PMax(PMax),
      .AccBuffers(AccBuffers),
      .ControlWords(ControlWords),
      .Digits(Digits),
      .StoredMax(StoredMax),
      .StoredMin(StoredMin),
      .SumBits(SumBits),
      .Residual(ResidualWords != 0),
      .M(M),
      .Windows(Windows != 0),
      .Transfers(AxiBytes != 0),
      .ArrayLatency(pe_array_pkg::pe_latency(PeStyle, K) - pe_array_pkg::AccumulatorLag)
  ) i_sequencer (
      .clk_i,
      .rst_ni,
      .start_i             (layers_start),
      .descriptor_address_i(descriptor_address),
      .abort_i             (layers_abort),
      .done_o              (layers_done),
      .error_o             (layers_error),
      .stage_o             (layers_stage),
      .layer_o             (running_layer),
      .progress_i          (with_transfers ? progress : '1),
      .transfer_wait_o     (layers_wait),
      .layer_done_o        (layer_done),
      .flush_o             (flush),
      .control_read_o      (descriptor_read),
      .control_address_o   (descriptor_word),
      .control_data_i      (control_data),
      .descriptor_o        (descriptor),
      .layer_start_o       (layer_start),
      .tile_ready_i        (tile_ready),
      .pixel_valid_o       (pixel_valid),
      .pixel_pair_o        (pixel_pair),
      .tile_pair_o         (tile_pair),
      .x_o                 (x),
      .y_o                 (y),
      .chunk_start_o       (chunk_start),
      .last_chunk_o        (last_chunk),
      .string_o            (string_index),
      .tile_take_o         (tile_take),
      .tile_busy_o         (tile_busy),
      .accumulate_o        (accumulate),
      .accumulate_buffer_o (accumulate_buffer),
      .accumulate_address_o(accumulate_address),
      .accumulate_first_o  (accumulate_first),
      .accumulate_twice_o  (accumulate_twice),
      .block_valid_o       (block_valid),
      .block_ready_i       (block_ready),
      .block_buffer_o      (block_buffer),
      .block_pixels_o      (block_pixels),
      .block_first_o       (block_first),
      .block_layer_first_o (block_layer_first),
      .buffer_free_i       (buffer_free),
      .writer_idle_i       (writer_idle)
  );
  assign trace_stage_o = stage;
  assign trace_layer_o = layer;

  // Control memory: bus, descriptors, channel parameters.
  logic parameter_read;
  logic [ControlWidth-1:0] parameter_address;
  word_memory #(
      .Words(ControlWords),
      .Width(32),
      .TwoPorts(AxiBytes != 0)
  ) i_control_memory (
      .clk_i,
      .read_i         (bus_control_read || descriptor_read || parameter_read),
      .read_address_i (!busy ? bus_address[3+:ControlWidth] : descriptor_read ? descriptor_word : parameter_address),
      .data_o         (control_data),
      .write_i        (bus_control_write || fill[0]),
      .write_address_i(fill[0] ? fill_address[ControlWidth-1:0] : bus_address[3+:ControlWidth]),
      .data_i         (fill[0] ? fill_data[31:0] : bus_data[31:0])
  );

  // Weights: memory, loader, decryptor.
  logic load_read, word_valid, word_ready, word_first, word_last;
  logic [WeightWidth-1:0] weight_word;
  logic [CodeWidth-1:0] code_word;
  logic [D-1:0] word;
  logic [NOut-1:0] column;
  logic [K*M-1:0] weights;
  word_memory #(
      .Words(WeightWords),
      .Width(D),
      .TwoPorts(AxiBytes != 0)
  ) i_weight_memory (
      .clk_i,
      .read_i         (bus_weight_read || load_read),
      .read_address_i (busy ? weight_word : bus_address[3+:WeightWidth]),
      .data_o         (weight_data),
      .write_i        (bus_weight_write || fill[2]),
      .write_address_i(fill[2] ? fill_address[WeightWidth-1:0] : bus_address[3+:WeightWidth]),
      .data_i         (fill[2] ? fill_data[D-1:0] : bus_data[D-1:0])
  );
  word_memory #(
      .Words(CodeWords),
      .Width(NOut),
      .TwoPorts(AxiBytes != 0)
  ) i_code_memory (
      .clk_i,
      .read_i         (bus_code_read || load_read),
      .read_address_i (busy ? code_word : bus_address[3+:CodeWidth]),
      .data_o         (code_data),
      .write_i        (bus_code_write || fill[1]),
      .write_address_i(fill[1] ? fill_address[CodeWidth-1:0] : bus_address[3+:CodeWidth]),
      .data_i         (fill[1] ? fill_data[NOut-1:0] : bus_data[NOut-1:0])
  );
  tile_loader #(
      .D          (D),
      .Groups     (K * M / NOut / D),
      .NOut       (NOut),
      .WeightWords(WeightWords),
      .CodeWords  (CodeWords),
      .TileWidth  (walk_pkg::tile_width(ControlWords)),
      .PMax       (PMax),
      .Digits     (Digits),
      .StoredMax  (StoredMax),
      .StoredMin  (StoredMin),
      .PixelWidth (fetch_pkg::pixel_width(WordBytes, ActRows)),
      .LookAhead  (fetch_pkg::fetch_latency(ReadCycles) + 2)
  ) i_loader (
      .clk_i,
      .rst_ni          (block_rst_n),
      .start_i         (layer_start),
      .descriptor_i    (descriptor),
      .read_o          (load_read),
      .weight_address_o(weight_word),
      .weight_data_i   (weight_data),
      .code_address_o  (code_word),
      .code_data_i     (code_data),
      .word_valid_o    (word_valid),
      .word_ready_i    (word_ready),
      .word_o          (word),
      .word_first_o    (word_first),
      .word_last_o     (word_last),
      .column_o        (column),
      .soon_o          (tile_soon)
  );
  tile_decryptor #(
      .Decryption(Decryption),
      .K(K),
      .M(M),
      .NOut(NOut),
      .SliceK(SliceK),
      .SliceM(SliceM),
      .D(D),
      .WeightBuffers(WeightBuffers),
      .Xc7(PeStyle == flexor_pkg::PeXc7),
      .NMax(NMax),
      .Matrix(Matrix)
  ) i_decryptor (
      .clk_i,
      .rst_ni      (block_rst_n),
      .word_valid_i(word_valid),
      .word_ready_o(word_ready),
      .word_i      (word),
      .word_first_i(word_first),
      .word_last_i (word_last),
      .column_i    (column),
      .tile_valid_o(tile_valid),
      .tile_take_i (tile_take),
      .busy_i      (tile_busy),
      .weight_o    (weights)
  );

  // Activations: memory, fetch. The array and the drain go before transfers.
  logic patch_read, write_valid;
  logic [31:0] patch_address, write_address;
  logic [8*WordBytes-1:0] activations;
  logic [8*W-1:0] write_data;
  logic [W-1:0] write_strobe;
  assign fill_ready = !write_valid;
  assign store_ready = !patch_read;
  logic [1:0] patch_step;
  if (ReadCycles == 1) begin : gen_activations
    activation_memory #(
        .K(WordBytes),
        .W(W),
        .ActRows(ActRows),
        .Xc7(PeStyle == flexor_pkg::PeXc7)
    ) i_activations (
        .clk_i,
        .read_valid_i   (patch_read || bus_activation_read || store_read),
        .read_address_i (!busy ? 32'(bus_address) : patch_read || AxiBytes == 0 ? patch_address : store_address),
        .read_data_o    (activation_data),
        .write_valid_i  (write_valid || bus_activation_write || fill[3]),
        .write_address_i(!busy ? 32'(bus_address) : write_valid || AxiBytes == 0 ? write_address : fill_address),
        .write_data_i   (!busy ? (8 * W)'(bus_data) : write_valid || AxiBytes == 0 ? write_data : (8 * W)'(fill_data)),
        .write_strobe_i (!busy ? W'(bus_strobe) : write_valid || AxiBytes == 0 ? write_strobe : W'(fill_strobe))
    );
    logic unused_step;
    assign unused_step = ^patch_step;
  end else begin : gen_narrow_activations
    activation_memory_narrow #(
        .W(W),
        .ActRows(ActRows)
    ) i_activations (
        .clk_i,
        .rst_ni,
        .read_valid_i   (patch_read || bus_activation_read),
        .read_address_i (busy ? patch_address : 32'(bus_address)),
        .read_step_i    (patch_step),
        .read_data_o    (activation_data[31:0]),
        .write_valid_i  (write_valid || bus_activation_write),
        .write_address_i(busy ? write_address : 32'(bus_address)),
        .write_data_i   (busy ? write_data : bus_data),
        .write_strobe_i (busy ? write_strobe : bus_strobe)
    );
    assign activation_data[8*WordBytes-1:32] = '0;
  end
  patch_fetch #(
      .K(WordBytes),
      .ActRows(ActRows),
      .ReadCycles(ReadCycles),
      .CountWidth(CountWidth),
      .Xc7(PeStyle == flexor_pkg::PeXc7)
  ) i_fetch (
      .clk_i,
      .rst_ni        (block_rst_n),
      .descriptor_i  (descriptor),
      .valid_i       (pixel_valid),
      .pixel_pair_i  (pixel_pair),
      .tile_pair_i   (tile_pair),
      .x_i           (x),
      .y_i           (y),
      .chunk_start_i (chunk_start),
      .last_chunk_i  (last_chunk),
      .string_i      (string_index),
      .read_valid_o  (patch_read),
      .read_step_o   (patch_step),
      .read_address_o(patch_address),
      .read_data_i   (activation_data),
      .activation_o  (activations)
  );

  // Array, accumulators; past the array: a lane for each channel.
  logic [M*DotWidth-1:0] dots;
  logic [8*M-1:0] lanes;
  if (Windows == 0) begin : gen_no_lanes
    assign lanes = '0;
  end else begin : gen_lanes
    if (M > WordBytes) begin : gen_check_windows
      $error("flexor_engine: pooling windows needs M <= WordBytes");
    end
    delay #(
        .Width (8 * M),
        .Cycles(pe_array_pkg::pe_latency(PeStyle, K))
    ) i_lanes (
        .clk_i,
        .data_i(activations[8*M-1:0]),
        .data_o(lanes)
    );
  end
  logic drain_buffer;
  logic [PixelWidth-1:0] drain_address;
  logic [M*AccWidth-1:0] drain_data;
  logic [7:0] writer_layer;
  pe_array #(
      .PeStyle(PeStyle),
      .K(K),
      .M(M)
  ) i_array (
      .clk_i,
      .activation_i(activations[8*K-1:0]),
      .weight_i    (weights),
      .dot_o       (dots)
  );
  accumulator #(
      .M(M),
      .DotWidth(DotWidth),
      .DotSigned(pe_array_pkg::dot_signed(PeStyle)),
      .AccWidth(AccWidth),
      .PMax(PMax),
      .AccBuffers(AccBuffers),
      .Twice(Digits > 1),
      .Windows(Windows != 0),
      .Compact(Compact != 0 && Digits == 1),
      .Xc7(PeStyle == flexor_pkg::PeXc7)
  ) i_accumulator (
      .clk_i,
      .rst_ni        (block_rst_n),
      .valid_i       (accumulate),
      .buffer_i      (accumulate_buffer),
      .address_i     (accumulate_address),
      .first_i       (accumulate_first),
      .twice_i       (accumulate_twice),
      .dot_i         (dots),
      .window_i      (descriptor.window),
      .maximum_i     (descriptor.maximum),
      .lane_i        (lanes),
      .read_buffer_i (drain_buffer),
      .read_address_i(drain_address),
      .read_data_o   (drain_data)
  );

  // Residual memory.
  localparam int unsigned ResidualWidth = ResidualWords == 0 ? 1 : $clog2(ResidualWords);
  logic residual_read, residual_write;
  logic [ResidualWidth-1:0] residual_read_address, residual_write_address;
  logic [8*R-1:0] residual_read_data, residual_write_data;
  if (ResidualWords == 0) begin : gen_no_residual
    logic unused_residual;
    assign residual_read_data = '0;
    assign unused_residual = ^{residual_read, residual_write, residual_read_address, residual_write_address, residual_write_data};
  end else begin : gen_residual
    residual_memory #(
        .R(R),
        .ResidualWords(ResidualWords),
        .SinglePort(ReadCycles != 1)
    ) i_residual (
        .clk_i,
        .read_i         (residual_read),
        .read_address_i (residual_read_address),
        .read_data_o    (residual_read_data),
        .write_i        (residual_write),
        .write_address_i(residual_write_address),
        .write_data_i   (residual_write_data)
    );
  end

  // Drain.
  output_writer #(
      .K(WordBytes),
      .M(M),
      .R(R),
      .W(W),
      .AccWidth(AccWidth),
      .PMax(PMax),
      .AccBuffers(AccBuffers),
      .ActRows(ActRows),
      .CountWidth(CountWidth),
      .ControlWords(ControlWords),
      .Shift(Shift),
      .SumBits(SumBits),
      .AccSigned(pe_array_pkg::dot_signed(PeStyle)),
      .ResidualWords(ResidualWords),
      .SinglePort(ReadCycles != 1),
      .Xc7(PeStyle == flexor_pkg::PeXc7)
  ) i_writer (
      .clk_i,
      .rst_ni                  (block_rst_n),
      .descriptor_i            (descriptor),
      .layer_i                 (running_layer),
      .block_valid_i           (block_valid),
      .block_ready_o           (block_ready),
      .block_buffer_i          (block_buffer),
      .block_pixels_i          (block_pixels),
      .block_first_i           (block_first),
      .block_layer_first_i     (block_layer_first),
      .buffer_free_o           (buffer_free),
      .idle_o                  (writer_idle),
      .read_buffer_o           (drain_buffer),
      .read_address_o          (drain_address),
      .read_data_i             (drain_data),
      .parameter_read_o        (parameter_read),
      .parameter_address_o     (parameter_address),
      .parameter_data_i        (control_data),
      .write_valid_o           (write_valid),
      .write_address_o         (write_address),
      .write_data_o            (write_data),
      .write_strobe_o          (write_strobe),
      .residual_read_o         (residual_read),
      .residual_read_address_o (residual_read_address),
      .residual_read_data_i    (residual_read_data),
      .residual_write_o        (residual_write),
      .residual_write_address_o(residual_write_address),
      .residual_write_data_o   (residual_write_data),
      .trace_valid_o,
      .trace_layer_o           (writer_layer),
      .trace_pixel_o,
      .trace_channel_o,
      .trace_mask_o,
      .trace_data_o
  );

  logic unused_bits;
  assign unused_bits = ^{bus_address, bus_data, writer_layer, fill_address, fill_data};

endmodule
