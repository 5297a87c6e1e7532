// SPDX-License-Identifier: Apache-2.0

/// Activations in two single-port memories of 16 bits (UP5K: two SPRAMs, 64 KiB): four bytes read or up to four written a cycle.
///
///   o = read_address mod 2, a = read_address - o + 4 * read_step
///   read_data[j] = memory[a + (j + o) mod 4], j = 0..3, fetch_pkg::ActivationLatency clock edges later
///   memory[write_address + i] <= write_data[i] where write_strobe[i]; a read two cycles later sees it
///
/// So the steps 0, 1, 2 bring any ten bytes, each in the place that patch_fetch wants it in. Words have 16 bytes, so a pair without the gap
/// between word and offset is the byte address. Writes are one byte anywhere (strobe 1), two bytes at an even address (strobe 3), or any
/// bytes of four at a multiple of four. Halfword h stands in row h / 2 of memory h mod 2: four bytes from an even address are one row of each.
module activation_memory_narrow #(
    /// Bytes written per cycle at most.
    parameter int unsigned W       = 4,
    /// Half of the words of 16 bytes, a power of two; 2048: 64 KiB.
    parameter int unsigned ActRows = 2048
) (
    /// Clock.
    input  logic           clk_i,
    /// Synchronous reset, active low; the contents stay.
    input  logic           rst_ni,
    /// Read in this cycle.
    input  logic           read_valid_i,
    /// Pair of byte 0.
    input  logic [   31:0] read_address_i,
    /// Four bytes further with each step, 0..2.
    input  logic [    1:0] read_step_i,
    /// Bytes read.
    output logic [   31:0] read_data_o,
    /// Write in this cycle; in the next one no read.
    input  logic           write_valid_i,
    /// Pair of byte 0.
    input  logic [   31:0] write_address_i,
    /// Bytes to write.
    input  logic [8*W-1:0] write_data_i,
    /// Byte enable.
    input  logic [  W-1:0] write_strobe_i
);

  localparam int unsigned AddressWidth = fetch_pkg::word_width(ActRows) + 4;
  localparam int unsigned RowWidth = AddressWidth - 2;
  typedef logic [RowWidth-1:0] row_t;

  if (W != 4) begin : gen_check_write
    $error("activation_memory_narrow: W must be 4");
  end
  if (ActRows < 2 || (ActRows & (ActRows - 1)) != 0) begin : gen_check_rows
    $error("activation_memory_narrow: ActRows must be a power of two");
  end

  /// A pair of words of 16 bytes as a byte address; the bits above and between are not used.
  // verilator lint_off UNUSEDSIGNAL
  function automatic logic [AddressWidth-1:0] linear(input logic [31:0] pair);
    return {pair[8+:AddressWidth-4], pair[3:0]};
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // Writes, one cycle later: the bytes in their places modulo 4.
  logic write_q;
  row_t write_row_q;
  logic [3:0] strobe_q, strobe;
  logic [31:0] data_q, data;
  logic [AddressWidth-1:0] write_address;
  assign write_address = linear(write_address_i);
  always_comb begin
    unique case (write_address[1:0])
      2'd0: strobe = write_strobe_i;
      2'd1: strobe = {2'b00, write_strobe_i[0], 1'b0};
      2'd2: strobe = {write_strobe_i[1:0], 2'b00};
      default: strobe = {write_strobe_i[0], 3'b000};
    endcase
    data = write_data_i;
    if (write_address[0]) data[15:8] = write_data_i[7:0];
    if (write_address[1]) data[31:16] = {write_address[0] ? write_data_i[7:0] : write_data_i[15:8], write_data_i[7:0]};
  end
  always_ff @(posedge clk_i) begin
    write_q     <= rst_ni && write_valid_i;
    write_row_q <= write_address[AddressWidth-1:2];
    strobe_q    <= strobe;
    data_q      <= data;
  end

  // Reads: the row of odd halfwords, and that of even ones, which is one further when the address begins with an odd halfword.
  logic [AddressWidth-1:0] read_address;
  row_t odd_row, even_row;
  logic unused_carry;
  logic [15:0] even, odd;
  logic [ 1:0] place_q;
  logic [31:0] bytes;
  assign read_address = linear(read_address_i);
  assign odd_row = read_address[AddressWidth-1:2] + row_t'(read_step_i);
  assign {even_row, unused_carry} = {read_address[AddressWidth-1:2], 1'b1} + {row_t'(read_step_i), read_address[1]};

  ram_1rw_bytes #(
      .Depth(2 ** RowWidth),
      .Bytes(2)
  ) i_even (
      .clk_i,
      .enable_i (read_valid_i || write_q),
      .write_i  (write_q),
      .strobe_i (strobe_q[1:0]),
      .address_i(write_q ? write_row_q : even_row),
      .data_i   (data_q[15:0]),
      .data_o   (even)
  );
  ram_1rw_bytes #(
      .Depth(2 ** RowWidth),
      .Bytes(2)
  ) i_odd (
      .clk_i,
      .enable_i (read_valid_i || write_q),
      .write_i  (write_q),
      .strobe_i (strobe_q[3:2]),
      .address_i(write_q ? write_row_q : odd_row),
      .data_i   (data_q[31:16]),
      .data_o   (odd)
  );

  // By address mod 4 the bytes 0..3 of a row of both: 0123, 1230, 2301, 3012.
  assign bytes = {odd, even};
  always_ff @(posedge clk_i) begin
    place_q <= read_address[1:0];
    for (int unsigned j = 0; j < 4; j++) read_data_o[8*j+:8] <= bytes[8*((j+32'(place_q))%4)+:8];
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    assert (!(write_q && read_valid_i))
    else $error("activation_memory_narrow: a read in the cycle after a write");
    if (rst_ni && write_valid_i) begin
      assert (write_address[1:0] == 2'd0 || write_strobe_i == W'(1) || (!write_address[0] && (write_strobe_i & ~W'(3)) == '0))
      else $error("activation_memory_narrow: bytes of two rows");
    end
  end
`endif  // SYNTHESIS

  logic unused_address;
  assign unused_address = ^{read_address_i, write_address_i};

endmodule
