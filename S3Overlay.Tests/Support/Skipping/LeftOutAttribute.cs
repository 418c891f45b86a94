namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// An inherited test that a class does not run, because its server is known to respond differently even without the proxy.
/// </summary>
/// <param name="reason">What the server does.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class LeftOutAttribute(string test, string reason) : Attribute
{
    public string Test => test;

    /// <summary>The server's behaviour that makes the test useless.</summary>
    public string Reason => reason;
}
