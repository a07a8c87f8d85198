"""aiortc hands packets to the jitter buffer that we give it, and to nobody else."""

import inspect

from aiortc import rtcrtpreceiver


def test_a_receivers_packets_go_through_its_jitter_buffer():
    handling = inspect.getsource(rtcrtpreceiver.RTCRtpReceiver._handle_rtp_packet)
    assert "= self.__jitter_buffer.add(packet)" in handling
    assert handling.index("self.__jitter_buffer.add") < handling.index("self.__decoder_queue.put")


def test_an_empty_jitter_buffer_lets_nothing_be_decoded():
    handling = inspect.getsource(rtcrtpreceiver.RTCRtpReceiver._handle_rtp_packet)
    assert "if encoded_frame is not None and self.__decoder_thread" in handling
