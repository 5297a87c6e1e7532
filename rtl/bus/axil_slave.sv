// SPDX-License-Identifier: Apache-2.0

/// AXI4-Lite slave protocol: turns the five channels into one request port that does one thing at a time.
///
/// A write is taken when its address and data are both there, one a cycle as long as responses are accepted; a read when no other
/// read is on its way. When both wait they take turns. Every request gets one response, OKAY or SLVERR, in order.
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
    /// A request begins: a write when write_o, else a read. No other begins until a read has its data.
    output logic                    request_o,
    /// The request is a write.
    output logic                    write_o,
    /// Byte address.
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

  logic reading_q, read_turn_q;
  logic can_write, can_read, take_write, take_read;

  assign can_write = s_axil_awvalid_i && s_axil_wvalid_i && (!s_axil_bvalid_o || s_axil_bready_i) && !reading_q;
  assign can_read = s_axil_arvalid_i && (!s_axil_rvalid_o || s_axil_rready_i) && !reading_q;
  assign take_write = can_write && !(can_read && read_turn_q);
  assign take_read = can_read && !take_write;

  assign s_axil_awready_o = take_write;
  assign s_axil_wready_o = take_write;
  assign s_axil_arready_o = take_read;

  assign request_o = take_write || take_read;
  assign write_o = take_write;
  assign address_o = take_write ? s_axil_awaddr_i : s_axil_araddr_i;
  assign data_o = s_axil_wdata_i;
  assign strobe_o = s_axil_wstrb_i;

  always_ff @(posedge clk_i) begin
    if (take_write) read_turn_q <= 1'b1;
    else if (take_read) read_turn_q <= 1'b0;
    if (take_read) reading_q <= 1'b1;
    else if (read_done_i) reading_q <= 1'b0;

    if (take_write) s_axil_bvalid_o <= 1'b1;
    else if (s_axil_bready_i) s_axil_bvalid_o <= 1'b0;
    if (take_write) s_axil_bresp_o <= {write_error_i, 1'b0};

    if (read_done_i) s_axil_rvalid_o <= 1'b1;
    else if (s_axil_rready_i) s_axil_rvalid_o <= 1'b0;
    if (read_done_i) begin
      s_axil_rdata_o <= read_data_i;
      s_axil_rresp_o <= {read_error_i, 1'b0};
    end

    if (!rst_ni) begin
      read_turn_q <= 1'b0;
      reading_q <= 1'b0;
      s_axil_bvalid_o <= 1'b0;
      s_axil_rvalid_o <= 1'b0;
    end
  end

endmodule
