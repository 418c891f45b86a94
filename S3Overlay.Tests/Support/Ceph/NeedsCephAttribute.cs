using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Support.Ceph;

/// <summary>A class of tests against real Ceph gateways.</summary>
public sealed class NeedsCephAttribute : NeedsAttribute
{
    public override string? Missing => CephGateway.Missing;
}
