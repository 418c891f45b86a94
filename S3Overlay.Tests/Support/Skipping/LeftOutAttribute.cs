namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// One inherited test that a class does not run, because the server beneath is known to answer otherwise when it is asked directly.
/// </summary>
/// <param name="test">The name of the test's method.</param>
/// <param name="reason">What the server does.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class LeftOutAttribute(string test, string reason) : Attribute
{
    /// <summary>The name of the test's method.</summary>
    public string Test => test;

    /// <summary>The server's behaviour that makes the test useless.</summary>
    public string Reason => reason;
}
