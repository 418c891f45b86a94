namespace S3Overlay.Tests.Support;

/// <summary>A test against a real Ceph gateway, run where <c>S3OVERLAY_TEST_CEPH=1</c> says that its packages were installed.</summary>
public sealed class CephFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where it cannot run.</summary>
    public CephFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("S3OVERLAY_TEST_CEPH") != "1")
        {
            Skip = "Ceph is started where S3OVERLAY_TEST_CEPH=1.";
        }
        else if (!CephGateway.IsInstalled)
        {
            Skip = "The packages ceph-mon, ceph-osd and radosgw are not installed.";
        }
    }
}
