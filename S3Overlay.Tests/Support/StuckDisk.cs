using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Support;

/// <summary>A disk that does not release the files of objects.</summary>
internal sealed class StuckDisk() : StoreDisk(isDurable: false)
{
    /// <summary>Whether it does not.</summary>
    public bool IsStuck { get; set; } = true;

    public override void Remove(string path)
    {
        Check(path);
        base.Remove(path);
    }

    public override void Move(string from, string to)
    {
        Check(from);
        base.Move(from, to);
    }

    private void Check(string path)
    {
        if (IsStuck && path.Contains("objects", StringComparison.Ordinal))
        {
            throw new UnauthorizedAccessException("Operation not permitted");
        }
    }
}
