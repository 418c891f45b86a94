namespace S3Overlay.Tests.Support.Ceph;

/// <summary>A test against a real Ceph gateway, run where <c>S3OVERLAY_TEST_CEPH=1</c> says that its packages were installed.</summary>
public sealed class CephFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason if it cannot run.</summary>
    public CephFactAttribute() => Skip = CephGateway.Missing;
}
