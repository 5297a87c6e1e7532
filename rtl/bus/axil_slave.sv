// SPDX-License-Identifier: Apache-2.0

/// AXI4-Lite slave protocol: turns the five channels into one request port that does one thing at a time.
///
/// A write is taken when its address and data are both there, one a cycle as long as responses are accepted; a read when no other
/// read is on its way. When both wait they take turns. What is taken waits in a register until its request begins, in the next cycle or when
/// its response has room. Every request gets one response, OKAY or SLVERR, in order.
module axil_slave #(
    /// Bits of a byte address.
    parameter int unsigned AddressWidth = 28,
    /// Bytes of data, 4 or 8.
    parameter int unsigned BusBytes = 8
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// Write address channel.
    input  logic                    s_axil_awvalid_i,
    /// Taken together with its data.
    output logic                    s_axil_awready_o,
    /// Byte address.
    input  logic [AddressWidth-1:0] s_axil_awaddr_i,
    /// Write data channel.
    input  logic                    s_axil_wvalid_i,
    /// Taken together with its address.
    output logic                    s_axil_wready_o,
    /// Data.
    input  logic [  8*BusBytes-1:0] s_axil_wdata_i,
    /// Byte enables.
    input  logic [    BusBytes-1:0] s_axil_wstrb_i,
    /// Write response channel.
    output logic                    s_axil_bvalid_o,
    /// Response taken.
    input  logic                    s_axil_bready_i,
    /// 0 OKAY, 2 SLVERR.
    output logic [             1:0] s_axil_bresp_o,
    /// Read address channel.
    input  logic                    s_axil_arvalid_i,
    /// Address taken.
    output logic                    s_axil_arready_o,
    /// Byte address.
    input  logic [AddressWidth-1:0] s_axil_araddr_i,
    /// Read data channel.
    output logic                    s_axil_rvalid_o,
    /// Data taken.
    input  logic                    s_axil_rready_i,
    /// Data.
    output logic [  8*BusBytes-1:0] s_axil_rdata_o,
    /// 0 OKAY, 2 SLVERR.
    output logic [             1:0] s_axil_rresp_o,
    /// Something is taken in this cycle: byte address and byte enables, to be decoded early.
    output logic                    take_o,
    output logic [AddressWidth-1:0] take_address_o,
    output logic [    BusBytes-1:0] take_strobe_o,
    /// A request begins: a write when write_o, else a read. No other begins until a read has its data.
    output logic                    request_o,
    /// The request is a write.
    output logic                    write_o,
    /// Byte address; a read's stays until it has its data.
    output logic [AddressWidth-1:0] address_o,
    /// Data of a write.
    output logic [  8*BusBytes-1:0] data_o,
    /// Byte enables of a write.
    output logic [    BusBytes-1:0] strobe_o,
    /// The write is refused; answer in the same cycle.
    input  logic                    write_error_i,
    /// The read that began earlier ends.
    input  logic                    read_done_i,
    /// Its data.
    input  logic [  8*BusBytes-1:0] read_data_i,
    /// It is refused.
    input  logic                    read_error_i
);

  if (BusBytes != 4 && BusBytes != 8) begin : gen_check_bus
    $error("axil_slave: BusBytes must be 4 or 8");
  end

  logic held_q, reading_q, read_turn_q;
  logic free, take_write, take_read, request_write, request_read;

  assign request_write = held_q && write_o && (!s_axil_bvalid_o || s_axil_bready_i);
  assign request_read = held_q && !write_o && (!s_axil_rvalid_o || s_axil_rready_i);
  assign request_o = request_write || request_read;
  assign free = !reading_q && (!held_q || request_write);

  assign take_write = free && s_axil_awvalid_i && s_axil_wvalid_i && !(s_axil_arvalid_i && read_turn_q);
  assign take_read = free && s_axil_arvalid_i && !take_write;
  assign s_axil_awready_o = take_write;
  assign s_axil_wready_o = take_write;
  assign s_axil_arready_o = take_read;

  assign take_o = take_write || take_read;
  assign take_address_o = take_write ? s_axil_awaddr_i : s_axil_araddr_i;
  assign take_strobe_o = s_axil_wstrb_i;

  always_ff @(posedge clk_i) begin
    held_q <= take_o || (held_q && !request_o);
    if (take_o) begin
      read_turn_q <= take_write;
      write_o     <= take_write;
      address_o   <= take_address_o;
      data_o      <= s_axil_wdata_i;
      strobe_o    <= s_axil_wstrb_i;
    end
    if (request_read) reading_q <= 1'b1;
    else if (read_done_i) reading_q <= 1'b0;

    if (request_write) s_axil_bvalid_o <= 1'b1;
    else if (s_axil_bready_i) s_axil_bvalid_o <= 1'b0;
    if (request_write) s_axil_bresp_o <= {write_error_i, 1'b0};

    if (read_done_i) s_axil_rvalid_o <= 1'b1;
    else if (s_axil_rready_i) s_axil_rvalid_o <= 1'b0;
    if (read_done_i) begin
      s_axil_rdata_o <= read_data_i;
      s_axil_rresp_o <= {read_error_i, 1'b0};
    end

    if (!rst_ni) begin
      held_q <= 1'b0;
      read_turn_q <= 1'b0;
      reading_q <= 1'b0;
      s_axil_bvalid_o <= 1'b0;
      s_axil_rvalid_o <= 1'b0;
    end
  end

endmodule
