import CSpeexDSP
