using System.ComponentModel;

using Xunit.Abstractions;
using Xunit.Sdk;

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>A test that is reported as skipped.</summary>
public sealed class SkippedTestCase : XunitTestCase
{
    /// <summary>For the runner, which deserializes test cases.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("For the runner.")]
    public SkippedTestCase()
    {
    }

    /// <summary>One test that replaces all tests of a method.</summary>
    public SkippedTestCase(IMessageSink diagnostics, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(diagnostics, display, options, method)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute) => SkippingDiscoverer.ReasonToSkip(TestMethod);
}
