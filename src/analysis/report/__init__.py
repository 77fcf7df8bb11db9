"""From results and claims to the page, the PDF, the workbook and the sign-off."""
