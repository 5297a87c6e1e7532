// SPDX-License-Identifier: Apache-2.0

/// PMax accumulators per output channel in block RAM, one dot product per channel added in every cycle.
///
///   acc[buffer][address][m] = (first ? 0 : twice ? 2 * acc[buffer][address][m] : acc[buffer][address][m]) + dot[m]   modulo 2^AccWidth
///
/// `twice` begins the next binary digit of the weights, the most significant first.
///
/// In a layer that pools windows each channel has a lane of its own, in units of 4, and no array:
///
///   acc[buffer][address][m] = maximum ? max(before, 4 * lane[m]) : before + 4 * lane[m],      before = first ? 0 : acc[buffer][address][m]
///   (maximum: before < 1024, a multiple of 4, as every lane makes it)
///
/// Control (valid, buffer, address, first) leads its dot product by AccumulatorLag cycles, so that nothing has to be delayed here:
/// cycle 0 read, 1 select, 2 add, 3 write. The same address may return after AccumulatorLatency cycles.
///
/// AccBuffers = 1: the read port serves either the addition or the drain. AccBuffers = 2: every sum is written to two memories of both buffers,
/// one for the addition, one for the drain, so that no multiplexer stands behind either. With 256 words a buffer the blocks are as many as with a
/// memory for each buffer: a block is 512 words deep at its full width.
///
/// Compact: cycle 1 read, 2 select and add, 3 write. On iCE40 the cell that adds a bit selects it too, so that no register is needed between
/// memory and adder; they are one path then.
module accumulator #(
    /// Output channels, >= 1.
    parameter int unsigned M = 16,
    /// Bits of a dot product, <= AccWidth.
    parameter int unsigned DotWidth = 14,
    /// 1: dot products are two's complement.
    parameter bit DotSigned = 1'b0,
    /// Bits of an accumulator.
    parameter int unsigned AccWidth = 22,
    /// Accumulators per channel and buffer.
    parameter int unsigned PMax = 256,
    /// 1, or 2: one buffer drains while the other accumulates.
    parameter int unsigned AccBuffers = 2,
    /// 1: sums can be doubled.
    parameter bit Twice = 1'b0,
    /// 1: windows can be pooled (AccWidth >= 11); 0: `window_i`, `maximum_i`, `lane_i` do not count.
    parameter bit Windows = 1'b0,
    /// 1: no register between memory and adder; needs AccBuffers = 1, Twice = 0 and Windows = 0.
    parameter bit Compact = 1'b0,
    /// 1: sums in carry cells of Xilinx 7, with AccBuffers = 2.
    parameter bit Xc7 = 1'b0,
    /// Bits of an address; follows from PMax.
    parameter int unsigned AddressWidth = PMax > 1 ? $clog2(PMax) : 1
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low; the memory is not reset.
    input  logic                    rst_ni,
    /// A dot product comes AccumulatorLag cycles from now.
    input  logic                    valid_i,
    /// Buffer it belongs to (0 when AccBuffers = 1).
    input  logic                    buffer_i,
    /// Accumulator it belongs to.
    input  logic [AddressWidth-1:0] address_i,
    /// Store it, do not add it.
    input  logic                    first_i,
    /// Double the sum before adding (when not `first_i`; ignored when Twice = 0).
    input  logic                    twice_i,
    /// Dot products of the control of AccumulatorLag cycles ago.
    input  logic [  M*DotWidth-1:0] dot_i,
    /// The layer pools windows; steady.
    input  logic                    window_i,
    /// It wants the maximum, else the sum; steady.
    input  logic                    maximum_i,
    /// In the place of `dot_i` when `window_i`: 8 bits a channel.
    input  logic [         8*M-1:0] lane_i,
    /// Buffer to read; AccBuffers = 1: no `valid_i` in the same cycle, nor, if Compact, in the cycle before.
    input  logic                    read_buffer_i,
    /// Accumulator to read.
    input  logic [AddressWidth-1:0] read_address_i,
    /// All channels of it, one cycle later.
    output logic [  M*AccWidth-1:0] read_data_o
);

  localparam int unsigned Lag = pe_array_pkg::AccumulatorLag;

  if (DotWidth > AccWidth) begin : gen_check_width
    $error("accumulator: DotWidth must not exceed AccWidth");
  end
  if (Windows && AccWidth < 11) begin : gen_check_windows
    $error("accumulator: pooling needs an AccWidth of at least 11");
  end
  if (AccBuffers != 1 && AccBuffers != 2) begin : gen_check_buffers
    $error("accumulator: AccBuffers must be 1 or 2");
  end
  if (Compact && (AccBuffers != 1 || Twice || Windows)) begin : gen_check_compact
    $error("accumulator: Compact needs AccBuffers = 1, Twice = 0 and Windows = 0");
  end
  if (AddressWidth != (PMax > 1 ? $clog2(PMax) : 1)) begin : gen_check_address
    $error("accumulator: AddressWidth follows from PMax and must not be set");
  end

  // Control of the last Lag + 1 cycles; [0] is one cycle old.
  logic [Lag:0] valid_q, buffer_q;
  logic first_q, twice_q;
  logic [AddressWidth-1:0] address_q[Lag+1];
  always_ff @(posedge clk_i) begin
    valid_q  <= rst_ni ? {valid_q[Lag-1:0], valid_i} : '0;
    first_q  <= first_i;
    twice_q  <= Twice && twice_i;
    buffer_q <= {buffer_q[Lag-1:0], buffer_i};
    address_q[0] <= address_i;
  end
  for (genvar i = 1; i <= Lag; i++) begin : gen_address
    always_ff @(posedge clk_i) address_q[i] <= address_q[i-1];
  end

  logic [M*AccWidth-1:0] sum_q;
  logic [M*AccWidth-1:0] olds;  // to be added to, 0 when first; Compact: only what the memory holds

  function automatic logic [M*AccWidth-1:0] doubled(logic [M*AccWidth-1:0] sums);
    for (int unsigned m = 0; m < M; m++) doubled[m*AccWidth+:AccWidth] = {sums[m*AccWidth+:AccWidth-1], 1'b0};
  endfunction

  // Low when a sum is written: the polarity of an iCE40 write mask, so that no LUT stands between flip-flop and memory.
  logic idle_q;
  always_ff @(posedge clk_i) idle_q <= ~(rst_ni & valid_q[Lag-1]);

  logic store;  // with `olds`: do not add
  logic twofold;  // with `olds`: double them
  if (AccBuffers == 1) begin : gen_single
    logic add;
    logic [AddressWidth-1:0] address;
    logic [M*AccWidth-1:0] data;
    assign add = Compact ? valid_q[0] : valid_i;
    assign address = !add ? read_address_i : Compact ? address_q[0] : address_i;
    accumulator_memory #(
        .Width(M * AccWidth),
        .Depth(PMax)
    ) i_memory (
        .clk_i,
        .write_i(~idle_q),
        .write_address_i(address_q[Lag]),
        .write_data_i(sum_q),
        .read_address_i(address),
        .read_data_o(data)
    );
    assign read_data_o = data;
    assign twofold = 1'b0;
    if (Compact) begin : gen_compact
      always_ff @(posedge clk_i) store <= first_q;
      assign olds = data;
    end else begin : gen_select
      always_ff @(posedge clk_i) olds <= first_q ? '0 : twice_q ? doubled(data) : data;
      assign store = 1'b0;
    end
    logic unused;
    assign unused = &{1'b0, read_buffer_i, buffer_q, twice_q};
  end else begin : gen_double
    logic [M*AccWidth-1:0] data;
    accumulator_memory #(
        .Width(M * AccWidth),
        .Depth(2 ** (AddressWidth + 1))
    ) i_memory (
        .clk_i,
        .write_i(~idle_q),
        .write_address_i({buffer_q[Lag], address_q[Lag]}),
        .write_data_i(sum_q),
        .read_address_i({buffer_i, address_i}),
        .read_data_o(data)
    );
    accumulator_memory #(
        .Width(M * AccWidth),
        .Depth(2 ** (AddressWidth + 1))
    ) i_drain_memory (
        .clk_i,
        .write_i(~idle_q),
        .write_address_i({buffer_q[Lag], address_q[Lag]}),
        .write_data_i(sum_q),
        .read_address_i({read_buffer_i, read_address_i}),
        .read_data_o
    );
    always_ff @(posedge clk_i) begin
      twofold <= twice_q;
      if (first_q) olds <= '0;
      else olds <= data;
    end
    assign store = 1'b0;
  end

  for (genvar m = 0; m < M; m++) begin : gen_channel
    logic [DotWidth-1:0] dot;
    logic [AccWidth-1:0] extended, addend, old, sum;
    assign dot = dot_i[m*DotWidth+:DotWidth];
    if (Xc7 && AccBuffers == 2) begin : gen_xc7
      // A dot product goes from its flip-flop to the carry chain, the doubling into the LUT beside it.
      xc7_carry #(
          .Width(AccWidth)
      ) i_sum (
          .carry_i(1'b0),
          .propagate_i(addend ^ old),
          .generate_i(addend),
          .sum_o(sum)
      );
    end else begin : gen_sum
      assign sum = old + addend;
    end
    assign old = twofold ? {olds[m*AccWidth+:AccWidth-1], 1'b0} : olds[m*AccWidth+:AccWidth];
    if (DotSigned) begin : gen_signed
      assign extended = AccWidth'($signed(dot));
    end else begin : gen_unsigned
      assign extended = AccWidth'(dot);
    end
    if (!Windows) begin : gen_array
      assign addend = extended;
      always_ff @(posedge clk_i) sum_q[m*AccWidth+:AccWidth] <= store ? addend : sum;
    end else begin : gen_window
      logic [7:0] lane;
      assign lane   = lane_i[8*m+:8];
      assign addend = window_i ? AccWidth'({lane, 2'b00}) : extended;
      always_ff @(posedge clk_i) begin
        if (!(window_i && maximum_i)) sum_q[m*AccWidth+:AccWidth] <= sum;
        else sum_q[m*AccWidth+:AccWidth] <= AccWidth'({olds[m*AccWidth+2+:8] > lane ? olds[m*AccWidth+2+:8] : lane, 2'b00});
      end
    end
  end
  if (!Windows) begin : gen_no_window
    logic unused_window;
    assign unused_window = ^{window_i, maximum_i, lane_i};
  end else begin : gen_windows
    logic unused_store;  // 0
    assign unused_store = store;
  end

`ifndef SYNTHESIS
  // 1. An address does not return before its sum is written. 2. Addresses exist.
  always_ff @(posedge clk_i) begin
    if (rst_ni && valid_i) begin
      for (int i = 0; i <= int'(Lag); i++) begin
        assert (!(valid_q[i] && (AccBuffers == 1 || buffer_q[i] == buffer_i) && address_q[i] == address_i))
        else $error("accumulator: address %0d returned after %0d cycles", address_i, i + 1);
      end
      assert (32'(address_i) < PMax)
      else $error("accumulator: address %0d of %0d", address_i, PMax);
    end
  end
`endif  // SYNTHESIS

endmodule
