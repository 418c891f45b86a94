using System.Reflection;

using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("S3Overlay.Tests.Support.Skipping.SkippingFramework", "S3Overlay.Tests")]

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// The usual test framework, but that a class may say what it needs: its tests are skipped with that reason where it is missing. A fact's
/// own <c>Skip</c> cannot say that, since tests are inherited and only some of the classes that inherit them need anything.
/// </summary>
public sealed class SkippingFramework(IMessageSink messages) : XunitTestFramework(messages)
{
    /// <inheritdoc/>
    protected override ITestFrameworkDiscoverer CreateDiscoverer(IAssemblyInfo assemblyInfo) =>
        new SkippingDiscoverer(assemblyInfo, SourceInformationProvider, DiagnosticMessageSink);

    /// <inheritdoc/>
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new SkippingExecutor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);
}
